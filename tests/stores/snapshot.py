"""A small store of a release, as every later one has to read it: written once for each schema.

`python -m tests.stores.snapshot URL` fills an empty store. Whoever adds a revision puts two copies
of it into tests/data/schemas: `gzip -n < threads.db > 0006.db.gz`, and
`pg_dump --no-owner --inserts > 0006.sql` without its lines that begin with a backslash.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import aclosing
from pathlib import Path
from typing import Any

from agui_runtime.core.events import Record, RunInfo
from agui_runtime.core.schedules import Schedule
from agui_runtime.stores.base import AgentState, RunEnd, Store
from agui_runtime.stores.open import open_store
from agui_runtime.stores.schedules import Scheduling

SNAPSHOTS = Path(__file__).parents[1] / "data" / "schemas"

THREAD = "a thread: ü, 😀"
DELTAS = ["Hello ", "wörld 😀", "\0 and U+0000"]
STATE = {"wei": 2**70, "text": "zero \0"}
NAME = "Greetings"
SCHEDULE = Schedule(
    *("s1", "ann", "default", "0 7 * * 1-5", "Europe/Berlin", DELTAS[2], 1000.0),
    thread_id=THREAD,
    next_at=4e9,
    version="0123456789abcdef" * 2,
)
SCHEDULED = 6
"""The first schema that has schedules."""


def run_of(number: int) -> RunInfo:
    return RunInfo(THREAD, f"r{number}", "default", "ann", 1000.0 + number, f"f{number}")


def events_of(number: int) -> list[dict[str, Any]]:
    ids = {"messageId": f"m{number}"}
    deltas = [{"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": delta} for delta in DELTAS]
    start = {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    return [start, *deltas, {"type": "TEXT_MESSAGE_END", **ids}]


def end_of(number: int) -> dict[str, Any]:
    return {"type": "RUN_FINISHED", "threadId": THREAD, "runId": f"r{number}"}


async def fill(store: Store) -> None:
    """Two runs that have ended, one whose process has gone, and a schedule."""
    assert isinstance(store, Scheduling)
    await store.schedules.add(SCHEDULE, 1)
    for number in (1, 2):
        lease = await store.log.claim(run_of(number), lambda: None)
        await store.log.append(lease, events_of(number))
        spoken = {"id": f"m{number}", "role": "assistant", "content": "".join(DELTAS)}
        state = AgentState(STATE, [spoken])
        known = frozenset({f"m{number}"})
        await store.log.release(lease, RunEnd([end_of(number)], "finished", 2000.0, known, state))
    await store.threads.update(THREAD, name=NAME, archived=True)
    lease = await store.log.claim(run_of(3), lambda: None)
    await store.log.append(lease, events_of(3)[:2])


async def check(store: Store, *, scheduled: bool) -> None:
    """All of it is there, and what was live is ended by whoever looks first."""
    assert isinstance(store, Scheduling)
    assert list(await store.schedules.list("ann")) == [SCHEDULE] * scheduled
    await store.log.wait_idle(THREAD)
    found: list[Record] = []
    async with aclosing(store.log.follow(THREAD, None)) as batches:
        async for batch in batches:
            found += batch.records
            if found[-1].event["type"] == "RUN_ERROR":
                break
    events = [each.event for each in found]
    whole = [*events_of(1), end_of(1), *events_of(2), end_of(2), *events_of(3)[:2]]
    assert events[: len(whole)] == whole
    assert [each["type"] for each in events[len(whole) :]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    runs = await store.threads.runs(THREAD)
    assert [(run.run_id, run.status) for run in runs] == [
        ("r1", "finished"),
        ("r2", "finished"),
        ("r3", "failed"),
    ]
    saved = await store.states.load(THREAD, "default")
    assert saved is not None
    assert saved.state == STATE
    info = await store.threads.get(THREAD)
    assert info is not None
    assert (info.owner, info.name, info.archived) == ("ann", NAME, True)
    lease = await store.log.claim(run_of(4), lambda: None)
    assert lease.fresh
    assert {"m1", "m2"} <= lease.known
    await store.log.release(lease, RunEnd([end_of(4)], "finished", 3000.0, frozenset()))


async def main(url: str) -> None:
    store = open_store(url)
    await store.open()
    await fill(store)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
