"""The tables, for both dialects. Migrations are checked against them; nothing else imports this
module, since SQLAlchemy takes half a second to import.

The log (`agui_chunk`) is the truth. The figures of `agui_run` and the texts of `agui_message` are
projections that can be made again from it.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    false,
    text,
)

METADATA = MetaData(
    naming_convention={"pk": "%(table_name)s_pk", "ix": "%(table_name)s_%(column_0_N_name)s"}
)


def tokens() -> list[Column[int]]:
    """Counts of tokens; null is unknown, never 0."""
    return [
        Column(name, BigInteger)
        for name in (
            *("input_tokens", "output_tokens"),
            *("cached_tokens", "cache_write_tokens", "reasoning_tokens"),
        )
    ]


THREAD = Table(
    "agui_thread",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("owner", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("name", Text),
    Column("archived", Boolean, nullable=False, server_default=false()),
    Column("created", Double, nullable=False),
    Column("updated", Double, nullable=False),
    # The log: its epoch, the numbers of its oldest and latest record, its bytes.
    Column("epoch", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    # The latest token, and the nonce of the latest end.
    Column("tokens", BigInteger, nullable=False),
    Column("ended", Text),
    # While a run is live: its token, id, lease, claim, bytes so far, and whether it is to stop.
    Column("token", BigInteger),
    Column("live", Text),
    Column("until", Double),
    Column("nonce", Text),
    Column("spent", BigInteger, nullable=False),
    Column("stop", Boolean, nullable=False, server_default=false()),
)

Index("agui_thread_listed", THREAD.c.owner, THREAD.c.updated, THREAD.c.id)
Index(
    "agui_thread_live",
    THREAD.c.until,
    sqlite_where=text("token is not null"),
    postgresql_where=text("token is not null"),
)
Index("agui_thread_updated", THREAD.c.updated)

RUN = Table(
    "agui_run",
    METADATA,
    Column("thread_id", Text, primary_key=True, nullable=False),
    Column("first", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("schema_version", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("compacted", Boolean, nullable=False, server_default=false()),
    # What it took, as far as that is known: null is unknown, never 0.
    Column("error_code", Text),
    Column("model", Text),
    Column("provider", Text),
    *tokens(),
    Column("cost", Double),
    Column("first_event_seconds", Double),
    # The cost as decimal text, and the name of its prices; `cost` is the same for sums.
    Column("usd", Text),
    Column("prices", Text),
    # Of the request that posted it for a worker.
    Column("nonce", Text),
)

Index(
    "agui_run_uncompacted",
    RUN.c.ended,
    sqlite_where=text("not compacted"),
    postgresql_where=text("not compacted"),
)
Index("agui_run_by_owner", RUN.c.owner, RUN.c.started)

CHUNK = Table(
    "agui_chunk",
    METADATA,
    Column("thread_id", Text, primary_key=True, nullable=False),
    Column("last", BigInteger, primary_key=True, autoincrement=False, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("written", Double, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("compacted", Boolean, nullable=False, server_default=false()),
    Column("events", LargeBinary, nullable=False),  # a JSON array; the last column, as it is long
)

MESSAGE = Table(
    "agui_message",
    METADATA,
    Column("thread_id", Text, primary_key=True, nullable=False),
    Column("id", Text, primary_key=True, nullable=False),
    Column("role", Text),
    Column("run_first", BigInteger),
    Column("position", BigInteger),
    Column("model", Text),
    *tokens(),
    Column("cost", Double),
    Column("milliseconds", Double),
    Column("text", Text),
    Column("usd", Text),
)

Table(
    "agui_counter",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("until", Double, nullable=False),
)

PLACE = Table(
    "agui_place",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("scope", Text, primary_key=True, nullable=False),
    Column("until", Double, nullable=False),
)

Index("agui_place_taken", PLACE.c.scope, PLACE.c.until)

JOB = Table(
    "agui_job",
    METADATA,
    Column("thread_id", Text, primary_key=True, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("queue", Text, nullable=False),
    # Its place in the queue, in which owners take turns.
    Column("rank", BigInteger, nullable=False),
    Column("posted", Double, nullable=False),
    # Until when it is offered to nobody else, and below the look that took it.
    Column("offered", Double, nullable=False),
    Column("nonce", Text),
    Column("body", LargeBinary, nullable=False),  # the last column, as it is long
)

Index("agui_job_turn", JOB.c.queue, JOB.c.rank, JOB.c.posted, JOB.c.thread_id)
Index("agui_job_by_owner", JOB.c.queue, JOB.c.owner, JOB.c.rank)
Index("agui_job_posted", JOB.c.posted)

Table(
    "agui_worker",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("queue", Text, primary_key=True, nullable=False),
    Column("seen", Double, nullable=False),
)

SCHEDULE = Table(
    "agui_schedule",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("owner", Text, nullable=False),
    Column("created", Double, nullable=False),
    # When somebody has to look after it; null if nobody has.
    Column("wakes", Double),
    Column("version", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

Index("agui_schedule_by_owner", SCHEDULE.c.owner, SCHEDULE.c.created, SCHEDULE.c.id)
Index("agui_schedule_wakes", SCHEDULE.c.wakes)

Table(
    "agui_sealed_owner",
    METADATA,
    Column("id", Text, primary_key=True, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("version", BigInteger, nullable=False),
)

SEALED_ROW = Table(
    "agui_sealed_row",
    METADATA,
    Column("owner", Text, primary_key=True, nullable=False),
    Column("id", Text, primary_key=True, nullable=False),
    # The owner's change that wrote it, and when; null in the end: it was deleted.
    Column("version", BigInteger, nullable=False),
    Column("written", Double, nullable=False),
    Column("body", LargeBinary),
)

Index("agui_sealed_row_changed", SEALED_ROW.c.owner, SEALED_ROW.c.version)

STATE = Table(
    "agui_state",
    METADATA,
    Column("thread_id", Text, primary_key=True, nullable=False),
    Column("agent", Text, primary_key=True, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("saved", Double, nullable=False),
    Column("nonce", Text),
    Column("payload", LargeBinary, nullable=False),
)
