"""`Jobs` of one process: runs that wait, beside the table of threads. Each step is synchronous."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from agui_runtime.core.events import RunInfo
from agui_runtime.core.queueing import QueueTimeout
from agui_runtime.stores.base import Lease, RunEnd
from agui_runtime.stores.jobs import OFFERED, SEEN, Adopted, Job, Offer, Posted, QueueFigures
from agui_runtime.stores.memory.thread_table import StoredThread, ThreadTable
from agui_runtime.stores.shared.lost_run import error_event
from agui_runtime.stores.shared.spans import RecordedRun


@dataclass(slots=True)
class Waiting:
    """A run that waits. `place` orders those of a queue, `until` is when an offer of it ends,
    `stopped` says that whoever adopts it is to stop it.
    """

    lease: Lease
    job: Job
    posted: float
    place: tuple[int, int]
    until: float = 0.0
    stopped: bool = False
    ending: asyncio.TimerHandle | None = None

    @property
    def run(self) -> RunInfo:
        return self.lease.run

    @property
    def offer(self) -> Offer:
        return Offer(self.run.thread_id, self.run.run_id, self.job.queue)


@dataclass(slots=True)
class Line:
    """Who waits in one queue, by thread, and when each worker has last looked into it."""

    waiting: dict[str, Waiting] = field(default_factory=dict)
    workers: dict[str, float] = field(default_factory=dict)
    posted: int = 0

    def next_place(self, owner: str) -> tuple[int, int]:
        """After the owner's other runs, but beside the first ones of others."""
        own = [each.place[0] for each in self.waiting.values() if each.run.owner == owner]
        first = min((each.place[0] for each in self.waiting.values()), default=1)
        self.posted += 1
        return max([first - 1, *own]) + 1, self.posted

    def in_order(self) -> list[Waiting]:
        return sorted(self.waiting.values(), key=lambda each: each.place)


class MemoryJobs:
    """It ends what nobody adopts by timers of the event loop."""

    def __init__(self, table: ThreadTable) -> None:
        self._table = table
        self._lines: defaultdict[str, Line] = defaultdict(Line)

    async def post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        lease = self._table.claim(run, lambda: self._stop(run))
        if not lease.fresh:
            return Posted(lease.run, lease.start, fresh=False)
        line = self._lines[job.queue]
        waiting = Waiting(lease, job, self._table.clock(), line.next_place(run.owner))
        line.waiting[run.thread_id] = waiting
        self._table.grow(self._table.threads[run.thread_id], len(job.body))
        waiting.ending = asyncio.get_running_loop().call_later(seconds, self._end, waiting)
        return Posted(run, lease.start)

    async def take(self, worker: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        now, found = self._table.clock(), list[Offer]()
        for queue in queues:
            line = self._lines[queue]
            line.workers[worker] = now
            free = (each for each in line.in_order() if each.until <= now)
            for waiting, _ in zip(free, range(most - len(found)), strict=False):
                waiting.until = now + OFFERED
                found.append(waiting.offer)
        return found

    async def adopt(
        self, thread_id: str, run_id: str, on_stop: Callable[[], None]
    ) -> Adopted | None:
        waiting = self._find(thread_id, run_id)
        if waiting is None:
            return None
        thread = self._leave(waiting)
        run = replace(waiting.run, status="running")
        lease = replace(waiting.lease, run=run)
        thread.lease, thread.on_stop = lease, on_stop
        thread.spans[-1] = RecordedRun(thread.spans[-1].first, run)
        if waiting.stopped:
            thread.on_stop = None
            on_stop()
        return Adopted(lease, waiting.job.body, self._table.clock() - waiting.posted)

    async def put_back(self, offer: Offer, seconds: float) -> None:
        waiting = self._find(offer.thread_id, offer.run_id)
        if waiting is not None:
            waiting.until = self._table.clock() + seconds
            # Where it stood, newcomers would pass those who wait with it.
            first = min(each.place[0] for each in self._lines[offer.queue].waiting.values())
            waiting.place = (first, waiting.place[1])

    async def overdue(self, seconds: float, most: int) -> Sequence[Offer]:
        latest = self._table.clock() - seconds
        return [each.offer for each in self._every() if each.posted <= latest][:most]

    async def position(self, thread_id: str, run_id: str) -> int | None:
        waiting = self._find(thread_id, run_id)
        if waiting is None:
            return None
        line = self._lines[waiting.job.queue]
        return sum(each.place < waiting.place for each in line.waiting.values())

    async def figures(self) -> Mapping[str, QueueFigures]:
        found = {queue: self._figures_of(line) for queue, line in self._lines.items()}
        return {queue: each for queue, each in found.items() if each != QueueFigures()}

    async def leave(self, worker: str) -> None:
        for line in self._lines.values():
            line.workers.pop(worker, None)

    def close(self) -> None:
        """End nothing any more."""
        for waiting in self._every():
            if waiting.ending is not None:
                waiting.ending.cancel()

    def _figures_of(self, line: Line) -> QueueFigures:
        now = self._table.clock()
        oldest = max((now - each.posted for each in line.waiting.values()), default=0.0)
        workers = sum(now - at <= SEEN for at in line.workers.values())
        return QueueFigures(len(line.waiting), oldest, workers)

    def _every(self) -> Iterator[Waiting]:
        return (each for line in self._lines.values() for each in line.waiting.values())

    def _find(self, thread_id: str, run_id: str) -> Waiting | None:
        for line in self._lines.values():
            waiting = line.waiting.get(thread_id)
            if waiting is not None and waiting.run.run_id == run_id:
                return waiting
        return None

    def _stop(self, run: RunInfo) -> None:
        waiting = self._find(run.thread_id, run.run_id)
        if waiting is not None:
            waiting.stopped = True

    def _leave(self, waiting: Waiting) -> StoredThread:
        """It waits no longer."""
        if waiting.ending is not None:
            waiting.ending.cancel()
        del self._lines[waiting.job.queue].waiting[waiting.run.thread_id]
        thread = self._table.threads[waiting.run.thread_id]
        self._table.grow(thread, -len(waiting.job.body))
        return thread

    def _end(self, waiting: Waiting) -> None:
        """Nobody has adopted it in time."""
        thread = self._leave(waiting)
        end = RunEnd([error_event(QueueTimeout())], "failed", self._table.clock())
        self._table.free(thread, waiting.lease, end)
