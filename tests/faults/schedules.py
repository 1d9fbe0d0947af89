"""What happens to schedules whose processes die at the moment at which they fire."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from agui_runtime.core.queueing import LIVE
from agui_runtime.core.schedules import Schedule, changed, firing_of
from agui_runtime.runtime.owned_schedules import ShownSchedule, shown_in
from agui_runtime.stores.base import Store, ThreadQuery
from agui_runtime.stores.layers.delegating import schedules_of
from agui_runtime.stores.schedules import Schedules
from tests.faults.workers import Works, store_of, worker_looks, works
from tests.faults.world import Replica, Stopwatch

EACH = 30
"""So many schedules are due at the same moment."""

OWNER = "anonymous"


async def killed_as_they_fire(kind: str) -> str:
    """Two servers and a worker look for what is due. Thrice one of them dies as soon as anything
    was taken: each firing is one run all the same, and no tool is used twice.
    """
    async with works(kind) as made, store_of(made.world) as store:
        worker = made.add()
        await worker_looks(made.world)

        def replace_worker() -> None:
            worker.close()
            made.add()

        statuses, watch = Counter[str](), Stopwatch()
        for number, kill in enumerate(
            (made.world.other(0).process.kill, made.world.other(1).process.kill, replace_worker)
        ):
            statuses += await _round(store, number, kill)
            await asyncio.gather(*map(_restarted, made.world.replicas))
        threads = await store.threads.list(OWNER, ThreadQuery(limit=10 * EACH))
        assert len(threads.threads) == 3 * EACH
        _check_tools(made)
        counts = ", ".join(f"{count} {status}" for status, count in sorted(statuses.items()))
        return f"{3 * EACH} firings, one run each ({counts}), {watch():.0f} s"


async def _restarted(replica: Replica) -> None:
    if replica.process.poll() is not None:
        replica.start()
        await replica.ready()


async def _round(store: Store, number: int, kill: Callable[[], None]) -> Counter[str]:
    """How the runs ended of schedules that were due together when somebody was killed."""
    schedules = schedules_of(store)
    assert schedules is not None
    due_at = (await schedules.due(1)).now + 2
    made = [_schedule(f"s{number}-{each:02}", due_at) for each in range(EACH)]
    for each in made:
        await schedules.add(each, 10 * EACH)
    while not any(each.taken or each.last for each in await schedules.list(OWNER)):  # noqa: ASYNC110  # others'
        await asyncio.sleep(0)
    kill()
    found = await _ended(store, schedules)
    for each, shown in zip(made, found, strict=True):
        firing = firing_of(each, due_at)
        runs = await store.threads.runs(firing.thread_id)
        assert [run.run_id for run in runs] == [firing.run_id], f"{each.schedule_id}: {runs}"
        await schedules.delete(shown.schedule)
    return Counter(each.run.status for each in found if each.run is not None)


async def _ended(store: Store, schedules: Schedules) -> Sequence[ShownSchedule]:
    """The schedules when all have fired and their runs have ended."""
    while True:
        found = await shown_in(store, await schedules.list(OWNER))
        if all(each.run is not None and each.run.status not in LIVE for each in found):
            return found
        await asyncio.sleep(0.1)


def _schedule(schedule_id: str, due_at: float) -> Schedule:
    made = Schedule(schedule_id, OWNER, "worker", "0 0 1 1 *", "UTC", "work", due_at)
    return changed(replace(made, next_at=due_at))


def _check_tools(made: Works) -> None:
    starts = made.world.tool_log.read_bytes().split()
    again = [start for start in starts if starts.count(start) > 1]
    assert not again, f"a tool was started twice: {again}"
