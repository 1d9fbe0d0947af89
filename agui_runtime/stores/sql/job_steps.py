"""What is changed and read of runs that wait for a worker, in one transaction each. Pure, as
`writes` is: a step that is carried out twice finds that it was done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.stores.jobs import OFFERED, SEEN, Job, Offer, QueueFigures
from agui_runtime.stores.sql import job_statements, statements, writes
from agui_runtime.stores.sql.message_ids import KnownIds
from agui_runtime.stores.sql.rows import Row, run_of
from agui_runtime.stores.sql.step import Claim, Claimed, Statement, Step, Thread, Together


class Look(NamedTuple):
    """A worker that looks for at most so many runs; `nonce` is the look's own."""

    worker: str
    nonce: str
    queues: Sequence[str]
    most: int


class Waiting(NamedTuple):
    """A run that waits under that token, and what was posted with it, so many seconds ago."""

    run: RunInfo
    token: int
    body: bytes
    waited: float


class Adoption(NamedTuple):
    """A request for the lease of a run that waits under that token; `nonce` is its own."""

    run: RunInfo
    token: int
    nonce: str
    lease: float


def post(thread: Thread, claim: Claim, job: Job) -> Step[Claimed]:
    """Claim the thread for a run that waits, and store its job; raises ThreadNotFound and Busy."""
    row, latest = yield from writes.found_for(thread)
    if latest and latest[0]["nonce"] == claim.nonce:
        start = Cursor(row["epoch"], latest[0]["first"] - 1)
        return Claimed("fresh", run_of(latest[0]), start)  # whatever became of it since
    claimed = yield from writes.given_to(claim, row, latest)
    if claimed.how == "fresh":
        yield statements.TURNS, {"scopes": [f"jobs:{job.queue}:{claim.run.owner}"]}
        yield Together(list(_posted(claim, claimed, job)))
    return claimed


def take(look: Look) -> Step[list[Offer]]:
    """Runs of these queues, as many of the first as there are, then of the next."""
    first, *others = look.queues
    found = list((yield Together([_seen(look), _taking(look, first, look.most)])))
    for queue in others:
        if len(found) < look.most:
            found += yield _taking(look, queue, look.most - len(found))
    found.sort(key=lambda row: (row["rank"], row["posted"], row["thread_id"]))
    return [_offer(row) for row in found]


def see(look: Look) -> Step[None]:
    """Note that the worker lives."""
    yield _seen(look)


def waiting(thread_id: str, run_id: str) -> Step[Waiting | None]:
    rows = yield job_statements.WAITING, {"id": thread_id, "run_id": run_id}
    if not rows or rows[0]["token"] is None:
        return None
    row = rows[0]
    return Waiting(run_of(row), row["token"], bytes(row["body"]), max(0.0, row["waited"]))


def adopt(adoption: Adoption) -> Step[Claimed]:
    """Swap the run's token for one whose lease is renewed."""
    it = adoption
    found = yield statements.FIND, {"id": it.run.thread_id}
    if not found or found[0]["token"] is None:
        return _gone(it)
    row = found[0]
    if row["nonce"] == it.nonce:
        return (yield from _adopted(it, row, row["token"]))
    if row["token"] != it.token or row["lapsed"]:
        return _gone(it)
    if row["place"] != row["here"]:
        # This database may lack that somebody has adopted the run. It is never begun twice.
        yield from writes.give_up(it.run.thread_id, it.token)
        return _gone(it)
    return (yield from _adopted(it, row, row["tokens"] + 1))


def put_back(offer: Offer, seconds: float) -> Step[None]:
    values = {"id": offer.thread_id, "run_id": offer.run_id, "seconds": seconds}
    yield job_statements.PUT_BACK, values


def overdue(seconds: float, most: int) -> Step[list[Offer]]:
    rows = yield job_statements.OVERDUE, {"seconds": seconds, "most": most}
    return [_offer(row) for row in rows]


def position(thread_id: str, run_id: str) -> Step[int | None]:
    rows = yield job_statements.POSITION, {"id": thread_id, "run_id": run_id}
    return int(rows[0]["before"]) if rows else None


def figures() -> Step[Mapping[str, QueueFigures]]:
    found: dict[str, QueueFigures] = {}
    for row in (yield job_statements.FIGURES, {"seconds": SEEN}):
        known = found.get(row["queue"], QueueFigures())
        found[row["queue"]] = QueueFigures(
            known.waiting + row["waiting"],
            known.oldest_seconds + max(0.0, row["oldest"]),
            known.workers + row["workers"],
        )
    return found


def leave(worker: str) -> Step[None]:
    yield job_statements.LEAVE, {"worker": worker}


def forget_workers() -> Step[None]:
    """Delete those that have not looked for long."""
    yield job_statements.FORGET_WORKERS, {"seconds": SEEN}


def _posted(claim: Claim, claimed: Claimed, job: Job) -> Sequence[Statement]:
    run = claim.run
    values = {"id": run.thread_id, "run_id": run.run_id, "owner": run.owner, "queue": job.queue}
    noted = {"id": run.thread_id, "first": claimed.start.seq + 1, "nonce": claim.nonce}
    return (job_statements.ADD, {**values, "body": job.body}), (job_statements.NOTE, noted)


def _seen(look: Look) -> Statement:
    return job_statements.SEE, {"worker": look.worker, "queues": sorted(look.queues)}


def _taking(look: Look, queue: str, most: int) -> Statement:
    wanted = {"queue": queue, "nonce": look.nonce, "seconds": OFFERED, "most": most}
    return job_statements.TAKE, wanted


def _offer(row: Row) -> Offer:
    return Offer(row["thread_id"], row["run_id"], row["queue"])


def _gone(adoption: Adoption) -> Claimed:
    return Claimed("gone", adoption.run, Cursor("", 0))


def _adopted(it: Adoption, row: Row, token: int) -> Step[Claimed]:
    at = {"id": row["id"], "first": row["latest_run"]}
    lease = {"token": token, "nonce": it.nonce, "now": row["now"], "lease": it.lease}
    known = yield Together(
        [
            (statements.DROP_JOB, at),
            (job_statements.RUN_ON, at),
            (job_statements.ADOPT, at | lease),
            (statements.KNOWN, at),
        ]
    )
    run, start = replace(it.run, status="running"), Cursor(row["epoch"], row["seq"])
    ids = KnownIds([each["id"] for each in known])
    return Claimed("fresh", run, start, token, ids, bool(row["stop"]))
