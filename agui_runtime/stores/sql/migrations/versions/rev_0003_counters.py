"""Sums that all processes share: what a caller has started, and spent, within some time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "agui_counter",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="agui_counter_pk"),
    )


def downgrade() -> None:
    op.drop_table("agui_counter")
