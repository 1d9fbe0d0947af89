"""Schedules of recurring runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "agui_schedule",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("wakes", sa.Double, nullable=True),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("id", name="agui_schedule_pk"),
    )
    op.create_index("agui_schedule_by_owner", "agui_schedule", ["owner", "created", "id"])
    op.create_index("agui_schedule_wakes", "agui_schedule", ["wakes"])


def downgrade() -> None:
    op.drop_table("agui_schedule")
