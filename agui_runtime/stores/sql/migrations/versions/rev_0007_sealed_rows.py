"""Sealed rows of owners, such as what is remembered of users."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "agui_sealed_owner",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="agui_sealed_owner_pk"),
    )
    op.create_table(
        "agui_sealed_row",
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("written", sa.Double, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("owner", "id", name="agui_sealed_row_pk"),
    )
    op.create_index("agui_sealed_row_changed", "agui_sealed_row", ["owner", "version"])


def downgrade() -> None:
    op.drop_table("agui_sealed_row")
    op.drop_table("agui_sealed_owner")
