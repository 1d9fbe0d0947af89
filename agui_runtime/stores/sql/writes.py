"""What is changed of a thread in one transaction. Pure: a step yields statements and is sent rows.

So the same step is carried out by a thread over SQLite and by a coroutine over PostgreSQL. A step
that raises has changed nothing. One that is carried out twice, because nobody knows whether its
transaction was committed, finds that it was done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agui_runtime.core.errors import Busy, Conflict, ThreadNotFound
from agui_runtime.core.events import Cursor, RunInfo, ThreadInfo
from agui_runtime.core.figures import UNKNOWN
from agui_runtime.stores.shared.codec import new_epoch
from agui_runtime.stores.shared.verdicts import Verdict
from agui_runtime.stores.sql import messages, statements
from agui_runtime.stores.sql.message_ids import KnownIds, stored_id
from agui_runtime.stores.sql.rows import Row, figure_values, run_of, storable, thread_of
from agui_runtime.stores.sql.step import (
    Addition,
    Claim,
    Claimed,
    Ending,
    Saving,
    Statement,
    Step,
    Thread,
    Together,
)


def obtain(thread: Thread) -> Step[ThreadInfo]:
    """The owner's thread, made if it is new; raises ThreadNotFound if another owns it."""
    return thread_of((yield from _obtained(thread)))


def claim(thread: Thread, claim: Claim) -> Step[Claimed]:
    """Raises ThreadNotFound and Busy."""
    row, latest = yield from found_for(thread)
    return (yield from given_to(claim, row, latest))


def found_for(thread: Thread) -> Step[tuple[Row, Sequence[Row]]]:
    """The thread, made if it is new, and its latest run, if it has any; raises ThreadNotFound."""
    row = yield from _obtained(thread)
    if row["latest_run"] is None:
        return row, ()
    return row, (yield statements.LATEST, {"id": row["id"]})


def given_to(claim: Claim, row: Row, latest: Sequence[Row]) -> Step[Claimed]:
    """Give the thread to the claim, if it is free; raises Busy."""
    run = claim.run
    if row["token"] is not None and row["nonce"] == claim.nonce:
        return (yield from _leased(row, row["epoch"], row["token"], claim))
    if latest and run.fingerprint and _is_same(latest[0], run):
        start = Cursor(row["epoch"], latest[0]["first"] - 1)
        return Claimed("same", run_of(latest[0]), start)
    if row["token"] is not None:
        if not row["lapsed"]:
            raise Busy(run.thread_id, row["live"])
        return Claimed("lapsed", run, Cursor(row["epoch"], row["seq"]))
    epoch, token = _epoch_here(row), row["tokens"] + 1
    begun = statements.BEGIN, _run_values(run) | {"first": row["seq"] + 1}
    claimed = yield from _leased(row, epoch, token, claim, begun)
    if claim.most_runs is not None:
        yield from _forget_runs(run.thread_id, claim.most_runs)
    return claimed


def renew(leases: Sequence[tuple[str, int]], seconds: float) -> Step[list[bool | None]]:
    """Whether each is asked to stop; None if it is held no longer."""
    found: list[bool | None] = []
    for thread_id, token in leases:
        rows = yield statements.RENEW, {"id": thread_id, "token": token, "lease": seconds}
        found.append(bool(rows[0]["stop"]) if rows else None)
    return found


def append(addition: Addition) -> Step[Verdict]:
    it, values = addition, values_of(addition)
    rows = yield statements.APPEND, values
    if not rows:
        found = yield statements.FIND, {"id": it.thread_id}
        return (yield from _compared(found, it.token, it.expected, it.records))
    yield statements.CHUNK, values
    return (yield from make_room(it, rows[0]))


def values_of(it: Addition) -> dict[str, object]:
    """What the statements of an append are given."""
    return it._asdict() | {
        "id": it.thread_id,
        "first": it.expected + 1,
        "last": it.expected + it.records,
        "count": it.records,
        "bytes": len(it.events),
    }


def is_within(it: Addition, row: Row) -> bool:
    """Whether run and log are within their limits, by the sizes that a row has."""
    within_log = it.log_bytes is None or row["size"] <= it.log_bytes
    return bool(within_log and row["spent"] <= it.run_bytes)


def make_room(it: Addition, row: Row) -> Step[Verdict]:
    """Forget the thread's oldest runs until its log is within its limit again."""
    if row["spent"] > it.run_bytes:
        return "too_large"
    size = row["size"]
    while it.log_bytes is not None and size > it.log_bytes:
        oldest = yield statements.OLDEST, {"id": it.thread_id}
        if len(oldest) < 2:
            return "too_large"
        yield from _forget(it.thread_id, oldest)
        size -= oldest[0]["bytes"]
    return "ok"


def release(ending: Ending) -> Step[bool]:
    """Whether the run was ended: not so if it is no longer its writer's, or writes again."""
    it, run = ending, ending.run
    found = yield statements.FIND, {"id": run.thread_id}
    if found and found[0]["ended"] == it.nonce:
        return True
    verdict = yield from _compared(found, it.token, it.expected, 0)
    if verdict != "ok" or (it.lost and not found[0]["lapsed"]):
        return False
    first, figures = found[0]["latest_run"], run.figures or UNKNOWN
    known = yield from messages.written(run.thread_id, first, it.texts, figures)
    changes = list(_ended(it, found[0]))
    if unknown := [each for each in map(stored_id, it.ids) if each not in known]:
        changes.append((statements.KNOW, {"id": run.thread_id, "ids": unknown}))
    yield Together(changes)
    return True


def ask_stop(thread_id: str, run_id: str | None) -> Step[int | None]:
    """The token of the run that is asked to stop; None if there is none."""
    named = {"any_run": run_id is None, "run_id": run_id or ""}
    rows = yield statements.STOP, {"id": thread_id, "yes": True, **named}
    return rows[0]["token"] if rows else None


def give_up(thread_id: str, token: int) -> Step[bool]:
    """Let the lease lapse at once."""
    rows = yield statements.RENEW, {"id": thread_id, "token": token, "lease": -1.0}
    return bool(rows)


def update(thread: Thread, name: str | None, archived: bool | None) -> Step[ThreadInfo]:
    """Raises ThreadNotFound."""
    if not (yield statements.INFO, {"id": thread.id, "oldest": thread.oldest}):
        raise ThreadNotFound(thread.id)
    if name is not None:
        yield statements.RENAME, {"id": thread.id, "name": storable(name)}
    if archived is not None:
        yield statements.ARCHIVE, {"id": thread.id, "archived": archived}
    rows = yield statements.INFO, {"id": thread.id, "oldest": thread.oldest}
    return thread_of(rows[0])


def delete(thread_id: str) -> Step[None]:
    """Raises ThreadNotFound, and Busy while it runs."""
    found = yield statements.FIND, {"id": thread_id}
    if not found:
        raise ThreadNotFound(thread_id)
    if found[0]["token"] is not None:
        raise Busy(thread_id, found[0]["live"])
    yield from _erased(thread_id)


def expire(oldest: float, most: int) -> Step[list[str]]:
    """Erase threads that idle and that nobody used since; which they were."""
    rows = yield statements.EXPIRED, {"oldest": oldest, "limit": most}
    erased = []
    for row in rows:
        found = yield statements.FIND, {"id": row["id"]}
        if found and found[0]["token"] is None and found[0]["updated"] < oldest:
            yield from _erased(row["id"])
            erased.append(row["id"])
    return erased


def save(thread_id: str, saving: Saving, expected: int | None, oldest: float) -> Step[int]:
    """The new version; raises ThreadNotFound and Conflict."""
    if not (yield statements.INFO, {"id": thread_id, "oldest": oldest}):
        raise ThreadNotFound(thread_id)
    rows = yield statements.VERSION, {"id": thread_id, "agent": saving.agent}
    version: int = rows[0]["version"] if rows else 0
    if rows and rows[0]["nonce"] == saving.nonce:
        return version
    if expected is not None and expected != version:
        raise Conflict(version)
    saved = yield statements.SAVE, {"id": thread_id, **saving._asdict()}
    made: int = saved[0]["version"]
    return made


def unsave(thread_id: str, agent: str | None) -> Step[None]:
    yield statements.UNSAVE, {"id": thread_id, "any_agent": agent is None, "agent": agent or ""}


def archive(thread_id: str, first: int, last: int, run_id: str, events: bytes) -> Step[bool]:
    """Put the compacted events in the place of a finished run's; False if that was done before."""
    at = {"id": thread_id, "first": first}
    spent = yield statements.SPENT, at
    size, yes = len(events), {"yes": True}
    if not (yield statements.COMPACTED, at | yes | {"bytes": size}):
        return False
    yield statements.DROP, at | {"last": last}
    yield (
        statements.PUT,
        at | yes | {"last": last, "run_id": run_id, "bytes": size, "events": events},
    )
    yield statements.RESIZE, {"id": thread_id, "bytes": size - spent[0]["bytes"]}
    return True


def derive(thread_id: str, ids: Sequence[str], parts: Sequence[messages.Part]) -> Step[None]:
    """Store what the thread's log says of it: its messages, and the bytes of its runs."""
    yield statements.KNOW, {"id": thread_id, "ids": [stored_id(each) for each in ids]}
    yield from messages.rewritten(thread_id, parts)
    yield statements.WEIGH_RUNS, {"id": thread_id}
    yield statements.WEIGH, {"id": thread_id}


def restored() -> Step[int]:
    """Give all logs new epochs, so that no cursor from before is taken; how many there are."""
    rows = yield statements.RESTORED, {}
    for row in rows:
        yield statements.ANEW, {"id": row["id"], "epoch": new_epoch()}
    return len(rows)


def _obtained(thread: Thread) -> Step[Row]:
    found = yield statements.FIND, {"id": thread.id}
    if found and found[0]["token"] is None and found[0]["updated"] < thread.oldest:
        yield from _erased(thread.id)
        found = []
    if not found:
        values = {"id": thread.id, "owner": thread.owner, "agent": thread.agent}
        found = yield statements.MAKE, values | {"epoch": new_epoch()}
    if not found:  # somebody else has just made it
        found = yield statements.FIND, {"id": thread.id}
    if found[0]["owner"] != thread.owner:
        raise ThreadNotFound(thread.id)
    return found[0]


def _erased(thread_id: str) -> Step[None]:
    for statement in statements.DELETE:
        yield statement, {"id": thread_id}


def _epoch_here(row: Row) -> str:
    """The epoch of the log, a new one if the database is another that may lack its end."""
    epoch: str = row["epoch"]
    return epoch if row["place"] == row["here"] else new_epoch()


def _is_same(latest: Row, run: RunInfo) -> bool:
    return (latest["run_id"], latest["fingerprint"]) == (run.run_id, run.fingerprint)


def _leased(row: Row, epoch: str, token: int, claim: Claim, *begun: Statement) -> Step[Claimed]:
    """Give the thread to the claim; `begun` writes the row of its run, if there is none yet."""
    values = {"id": row["id"], "epoch": epoch, "place": row["here"], "token": token}
    run = {"run_id": claim.run.run_id, "nonce": claim.nonce, "lease": claim.lease}
    leased = statements.CLAIM, values | run | {"now": row["now"], "no": False}
    rows = yield Together([*begun, leased, (statements.KNOWN, {"id": row["id"]})])
    known = KnownIds([each["id"] for each in rows])
    return Claimed("fresh", claim.run, Cursor(epoch, row["seq"]), token, known)


def _compared(found: Sequence[Row], token: int, expected: int, count: int) -> Step[Verdict]:
    """How a write of so many records compares that did not find the log as it expected it.

    If the database has lost records that it had acknowledged, cursors that readers have are worth
    nothing: the epoch changes, and whoever comes next ends the run.
    """
    if not found or found[0]["token"] != token:
        return "lost"
    seq = found[0]["seq"]
    if seq == expected:
        return "ok"
    if count and seq >= expected + count:
        return "done"  # a repeat may arrive after later writes
    if seq > expected:
        return "moved"
    yield statements.LOSE, {"id": found[0]["id"], "epoch": new_epoch()}
    return "lost"


def _forget_runs(thread_id: str, most: int) -> Step[None]:
    rows = yield statements.COUNT, {"id": thread_id}
    for _ in range(rows[0]["runs"] - most):
        oldest = yield statements.OLDEST, {"id": thread_id}
        yield from _forget(thread_id, oldest)


def _forget(thread_id: str, oldest: Sequence[Row]) -> Step[None]:
    """Forget the older of the two runs."""
    older, newer = oldest
    values = {"id": thread_id, "first": newer["first"], "bytes": older["bytes"]}
    for statement in statements.FORGET:
        yield statement, values


def _ended(it: Ending, row: Row) -> Iterator[Statement]:
    """What a run leaves behind beside its messages: its last events, its state, a free thread."""
    run, size = it.run, len(it.events) if it.count else 0
    values = {"id": run.thread_id, "count": it.count, "bytes": size, "nonce": it.nonce}
    if it.state is not None:
        yield statements.SAVE, {"id": run.thread_id, **it.state._asdict()}
    if it.count:
        bounds = {"first": it.expected + 1, "last": it.expected + it.count}
        yield statements.CHUNK, values | bounds | {"run_id": run.run_id, "events": it.events}
    if it.lost:
        yield statements.DROP_JOB, {"id": run.thread_id}
    yield _finished(run, row["latest_run"], row["spent"] + size)
    epoch = _epoch_here(row) if it.lost else row["epoch"]
    where = {"epoch": epoch, "place": row["here"] if it.lost else row["place"]}
    yield statements.FREE, values | where | {"now": row["now"], "no": False}


def _finished(run: RunInfo, first: int, size: int) -> Statement:
    ended = {"status": run.status, "ended": run.ended_at, "bytes": size}
    figures = figure_values(run.figures or UNKNOWN)
    return statements.FINISH, {"id": run.thread_id, "first": first, **ended, **figures}


def _run_values(run: RunInfo) -> dict[str, object]:
    return {
        "id": run.thread_id,
        "run_id": run.run_id,
        "agent": run.agent,
        "owner": run.owner,
        "fingerprint": run.fingerprint,
        "status": run.status,
        "started": run.started_at,
        "schema_version": run.schema_version,
    }
