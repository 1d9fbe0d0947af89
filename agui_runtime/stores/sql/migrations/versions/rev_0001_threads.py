"""The tables of the first release that has them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _create_chunks()
    _create_messages()
    _create_runs()
    _create_states()
    _create_threads()


def _create_chunks() -> None:
    op.create_table(
        "agui_chunk",
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("last", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("written", sa.Double(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("compacted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "last", name=op.f("agui_chunk_pk")),
    )


def _create_messages() -> None:
    op.create_table(
        "agui_message",
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("run_first", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("milliseconds", sa.Double(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("thread_id", "id", name=op.f("agui_message_pk")),
    )


def _create_runs() -> None:
    op.create_table(
        "agui_run",
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started", sa.Double(), nullable=False),
        sa.Column("ended", sa.Double(), nullable=True),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("compacted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("error_code", sa.Text(), nullable=True),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("input_tokens", sa.BigInteger(), nullable=True),
        sa.Column("output_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cache_write_tokens", sa.BigInteger(), nullable=True),
        sa.Column("reasoning_tokens", sa.BigInteger(), nullable=True),
        sa.Column("cost", sa.Double(), nullable=True),
        sa.Column("first_event_seconds", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("thread_id", "first", name=op.f("agui_run_pk")),
    )
    op.create_index("agui_run_by_owner", "agui_run", ["owner", "started"], unique=False)
    op.create_index(
        "agui_run_uncompacted",
        "agui_run",
        ["ended"],
        unique=False,
        sqlite_where=sa.text("not compacted"),
        postgresql_where=sa.text("not compacted"),
    )


def _create_states() -> None:
    op.create_table(
        "agui_state",
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("schema_version", sa.Integer(), nullable=False),
        sa.Column("saved", sa.Double(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", "agent", name=op.f("agui_state_pk")),
    )


def _create_threads() -> None:
    op.create_table(
        "agui_thread",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("archived", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created", sa.Double(), nullable=False),
        sa.Column("updated", sa.Double(), nullable=False),
        sa.Column("epoch", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("ended", sa.Text(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("live", sa.Text(), nullable=True),
        sa.Column("until", sa.Double(), nullable=True),
        sa.Column("nonce", sa.Text(), nullable=True),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("agui_thread_pk")),
    )
    op.create_index(
        "agui_thread_listed",
        "agui_thread",
        ["owner", "updated", "id"],
        unique=False,
    )
    op.create_index(
        "agui_thread_live",
        "agui_thread",
        ["until"],
        unique=False,
        sqlite_where=sa.text("token is not null"),
        postgresql_where=sa.text("token is not null"),
    )
    op.create_index("agui_thread_updated", "agui_thread", ["updated"], unique=False)


def downgrade() -> None:
    op.drop_index("agui_thread_updated", table_name="agui_thread")
    op.drop_index(
        "agui_thread_live",
        table_name="agui_thread",
        sqlite_where=sa.text("token is not null"),
        postgresql_where=sa.text("token is not null"),
    )
    op.drop_index("agui_thread_listed", table_name="agui_thread")
    op.drop_table("agui_thread")
    op.drop_table("agui_state")
    op.drop_index(
        "agui_run_uncompacted",
        table_name="agui_run",
        sqlite_where=sa.text("not compacted"),
        postgresql_where=sa.text("not compacted"),
    )
    op.drop_index("agui_run_by_owner", table_name="agui_run")
    op.drop_table("agui_run")
    op.drop_table("agui_message")
    op.drop_table("agui_chunk")
