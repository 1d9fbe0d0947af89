"""Runs that wait for a worker, and the workers that look for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

INDEXES = {
    "agui_job_turn": ["queue", "rank", "posted", "thread_id"],
    "agui_job_by_owner": ["queue", "owner", "rank"],
    "agui_job_posted": ["posted"],
}


def upgrade() -> None:
    op.add_column("agui_run", sa.Column("nonce", sa.Text, nullable=True))
    op.create_table(
        "agui_job",
        sa.Column("thread_id", sa.Text, nullable=False),
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("rank", sa.BigInteger, nullable=False),
        sa.Column("posted", sa.Double, nullable=False),
        sa.Column("offered", sa.Double, nullable=False),
        sa.Column("nonce", sa.Text, nullable=True),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name="agui_job_pk"),
    )
    for name, columns in INDEXES.items():
        op.create_index(name, "agui_job", columns)
    op.create_table(
        "agui_worker",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("queue", sa.Text, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", "queue", name="agui_worker_pk"),
    )


def downgrade() -> None:
    # Nobody can adopt them any longer: the release before ends them when it looks.
    op.execute(
        "update agui_thread set until = 0 where token is not null"
        " and id in (select thread_id from agui_job)"
    )
    op.drop_table("agui_worker")
    op.drop_table("agui_job")
    op.drop_column("agui_run", "nonce")
