"""What is open in all processes: runs and streams of each caller, and of all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "agui_place",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("until", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", "scope", name="agui_place_pk"),
    )
    op.create_index("agui_place_taken", "agui_place", ["scope", "until"])


def downgrade() -> None:
    op.drop_table("agui_place")
