"""What a run and each of its messages took, as exactly as the run's record says it: the cost as a
decimal, the name of its prices, all counts of tokens.

Columns are only added: `cost` stays, so that a release that knows nothing of these writes and reads
beside one that does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ADDED = (
    ("agui_message", "cached_tokens", sa.BigInteger),
    ("agui_message", "cache_write_tokens", sa.BigInteger),
    ("agui_message", "reasoning_tokens", sa.BigInteger),
    ("agui_message", "usd", sa.Text),
    ("agui_run", "usd", sa.Text),
    ("agui_run", "prices", sa.Text),
)


def upgrade() -> None:
    for table, name, kind in ADDED:
        op.add_column(table, sa.Column(name, kind(), nullable=True))


def downgrade() -> None:
    for table, name, _ in reversed(ADDED):
        op.drop_column(table, name)
