"""What is read of a thread in one transaction, or of all: steps that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal, NamedTuple

from agui_runtime.core.errors import Gone, ThreadNotFound
from agui_runtime.core.events import Cursor, RunInfo, ThreadInfo
from agui_runtime.core.figures import MessageFigures
from agui_runtime.stores.base import Batch
from agui_runtime.stores.shared.pages import Place
from agui_runtime.stores.shared.reading import PART
from agui_runtime.stores.shared.spans import RecordedRun
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.rows import (
    Row,
    message_figures_of,
    pattern_of,
    recorded,
    records_of,
    run_of,
    thread_of,
)
from agui_runtime.stores.sql.step import Step

BYTES = 2**20
"""So much of a log is read at a time, even if it is fewer records than may be."""

EVER = 2**63 - 1
"""The largest number that a database counts to."""


class Live(NamedTuple):
    """The run that writes a thread: its lease, and how far its log reaches."""

    how: Literal["live", "lapsed"]
    run: RunInfo
    first: int
    token: int
    end: Cursor


class Wanted(NamedTuple):
    """Which threads of an owner: behind that place of the list, used since `oldest`, with that
    text in them.
    """

    owner: str
    agents: Collection[str]
    archived: bool
    before: Place
    oldest: float
    search: str | None = None


def part(thread_id: str, after: Cursor | None) -> Step[Batch]:
    """A part of the log behind the cursor; raises ThreadNotFound and Gone."""
    bounds = yield statements.BOUNDS, {"id": thread_id}
    if not bounds:
        raise ThreadNotFound(thread_id)
    epoch, first, seq = bounds[0]["epoch"], bounds[0]["first"], bounds[0]["seq"]
    after = after or Cursor(epoch, first - 1)
    if after.epoch != epoch or not first <= after.seq + 1 <= seq + 1:
        raise Gone
    if after.seq == seq:
        return Batch((), after)
    at = {"id": thread_id, "after": after.seq}
    chunks = yield statements.READ, at | {"records": PART, "bytes": BYTES}
    if not chunks:
        raise Gone
    records = records_of(chunks, after.seq, PART)
    return Batch(records, Cursor(epoch, records[-1].seq))


def end(thread_id: str) -> Step[Cursor]:
    """Raises ThreadNotFound."""
    rows = yield statements.END, {"id": thread_id}
    if not rows:
        raise ThreadNotFound(thread_id)
    return Cursor(rows[0]["epoch"], rows[0]["seq"])


def ends(thread_ids: Sequence[str]) -> Step[dict[str, Cursor]]:
    """How far the logs reach, of those threads that there are."""
    rows = yield statements.ENDS, {"ids": list(thread_ids)}
    return {row["id"]: Cursor(row["epoch"], row["seq"]) for row in rows}


def live(thread_id: str) -> Step[Live | None]:
    found = yield statements.LOOK, {"id": thread_id}
    if not found or found[0]["token"] is None:
        return None
    row = found[0]
    latest = yield statements.LATEST, {"id": thread_id}
    how: Literal["live", "lapsed"] = "lapsed" if row["lapsed"] else "live"
    reach = Cursor(row["epoch"], row["seq"])
    return Live(how, run_of(latest[0]), latest[0]["first"], row["token"], reach)


def lapsed(most: int) -> Step[list[str]]:
    """Threads whose lease has lapsed."""
    rows = yield statements.LAPSED, {"limit": most}
    return [row["id"] for row in rows]


def thread(thread_id: str, oldest: float) -> Step[ThreadInfo | None]:
    rows = yield statements.INFO, {"id": thread_id, "oldest": oldest}
    return thread_of(rows[0]) if rows else None


def threads(wanted: Wanted, limit: int) -> Step[list[ThreadInfo]]:
    updated, before = wanted.before
    rows = yield (
        statements.LIST,
        {
            "owner": wanted.owner,
            "updated": updated,
            "id": before,
            "oldest": wanted.oldest,
            "no": False,
            "archived": wanted.archived,
            "any_agent": not wanted.agents,
            "agents": list(wanted.agents),
            "any_text": not wanted.search,
            "pattern": pattern_of(wanted.search or ""),
            "limit": min(limit, EVER),
        },
    )
    return [thread_of(row) for row in rows]


def runs(thread_id: str, oldest: float) -> Step[list[RunInfo]]:
    """Raises ThreadNotFound."""
    found = yield from runs_of([thread_id], oldest)
    if thread_id not in found:
        raise ThreadNotFound(thread_id)
    return found[thread_id]


def runs_of(thread_ids: Sequence[str], oldest: float) -> Step[dict[str, list[RunInfo]]]:
    """Of each that is known, by its id."""
    ids = {"ids": list(thread_ids)}
    there = yield statements.PRESENT, {**ids, "oldest": oldest}
    found: dict[str, list[RunInfo]] = {row["id"]: [] for row in there}
    rows = yield statements.RUNS, ids
    took: dict[tuple[str, int], list[MessageFigures]] = {}
    for row in (yield statements.MEASURED, ids):
        took.setdefault((row["thread_id"], row["run_first"]), []).append(message_figures_of(row))
    for row in rows:
        if row["thread_id"] in found:
            run = run_of(row, took.get((row["thread_id"], row["first"]), ()))
            found[run.thread_id].append(run)
    return found


def to_compact(age: float, most: int) -> Step[list[str]]:
    """Threads with runs that ended so long ago and are stored in full."""
    rows = yield statements.TO_COMPACT, {"age": age, "limit": most}
    return [row["thread_id"] for row in rows]


def uncompacted(thread_id: str, age: float) -> Step[list[tuple[RecordedRun, Cursor]]]:
    """These runs of a thread, each with the end of its records."""
    ends = yield statements.END, {"id": thread_id}
    rows = yield statements.UNCOMPACTED, {"id": thread_id, "age": age}
    found = []
    for row in rows:
        later = yield statements.NEXT, {"id": thread_id, "first": row["first"]}
        following = later[0]["first"]
        last = ends[0]["seq"] if following is None else following - 1
        found.append((recorded(row), Cursor(ends[0]["epoch"], last)))
    return found


def counts() -> Step[dict[str, int]]:
    rows = yield statements.COUNTS, {}
    return {name: int(rows[0][name]) for name in ("threads", "runs", "events", "bytes", "states")}


def bounds(thread_id: str) -> Step[tuple[Cursor, Cursor] | None]:
    """The cursors before a thread's log and at its end; None without a thread."""
    rows = yield statements.BOUNDS, {"id": thread_id}
    return (_before(rows[0]), _at_end(rows[0])) if rows else None


def idle_threads(after: str, most: int) -> Step[list[tuple[str, Cursor, Cursor]]]:
    """Threads that idle, by their ids, each with the cursors before its log and at its end."""
    rows = yield statements.THREADS, {"after": after, "limit": most}
    return [(row["id"], _before(row), _at_end(row)) for row in rows]


def _before(row: Row) -> Cursor:
    return Cursor(row["epoch"], row["first"] - 1)


def _at_end(row: Row) -> Cursor:
    return Cursor(row["epoch"], row["seq"])


def state(thread_id: str, agent: str) -> Step[tuple[bytes, int] | None]:
    rows = yield statements.LOAD, {"id": thread_id, "agent": agent}
    return (bytes(rows[0]["payload"]), rows[0]["version"]) if rows else None


def ids(after: str, oldest: float, most: int) -> Step[list[str]]:
    """The ids of threads, in their order, from the one after `after`."""
    rows = yield statements.IDS, {"after_id": after, "oldest": oldest, "limit": most}
    return [row["id"] for row in rows]


def states(
    after: tuple[str, str], thread_id: str | None, oldest: float, most: int
) -> Step[list[tuple[str, str]]]:
    """The keys of saved states, in their order, from the one after `after`."""
    where = {"any_thread": thread_id is None, "id": thread_id or "", "oldest": oldest}
    place = {"after_id": after[0], "after_agent": after[1], "limit": most}
    rows = yield statements.KEYS, place | where
    return [(row["thread_id"], row["agent"]) for row in rows]
