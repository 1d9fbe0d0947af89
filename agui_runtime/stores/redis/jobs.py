"""Runs that wait for a worker, in Redis. The thread holds the run and its job; the queues say in
which order they are to be taken.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from agui_runtime.core.errors import RequestError, StoreFull, StoreUnavailable
from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.core.queueing import QUEUED
from agui_runtime.stores.base import Lease
from agui_runtime.stores.jobs import Adopted, Job, Offer, Posted, QueueFigures
from agui_runtime.stores.redis.codec import Answer, span_of
from agui_runtime.stores.redis.log import already
from agui_runtime.stores.redis.parts import RedisParts
from agui_runtime.stores.redis.queues import Entry, Waiting
from agui_runtime.stores.shared.codec import new_epoch, run_json
from agui_runtime.stores.shared.leases import Held, HeldLeases
from agui_runtime.stores.shared.renewal import RENEWALS, elapsed
from agui_runtime.stores.shared.whole_writes import WholeWrites

logger = logging.getLogger(__name__)

RECOVERY = 3.0
"""Seconds that whoever adopted a run has for saying so to a server that may have forgotten it."""

FOUND = 10_000
"""So many of the latest offers are remembered."""

SWEPT = 100
"""So many threads are looked at together."""


class RedisJobs:
    """`Jobs` for any number of processes."""

    def __init__(
        self,
        leases: HeldLeases,
        redis: RedisParts,
        end_lost_run: Callable[[str], Awaitable[bool]],
    ) -> None:
        self._script, self._index, self._queues = redis.script, redis.thread_index, redis.queues
        self._limits, self._inbox = redis.limits, redis.inbox
        self._leases = leases
        self._end_lost_run = end_lost_run
        self._writes = WholeWrites()
        self._found: dict[tuple[str, str], Entry] = {}
        """What was offered here and not adopted yet: who finds that it does not wait removes it."""

    async def post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        return await self._writes.carry_out(self._post(run, job, seconds))

    async def take(self, worker: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        return await self._writes.carry_out(self._take(worker, queues, most))

    async def adopt(
        self, thread_id: str, run_id: str, on_stop: Callable[[], None]
    ) -> Adopted | None:
        return await self._writes.carry_out(self._adopt(thread_id, run_id, on_stop))

    async def put_back(self, offer: Offer, seconds: float) -> None:
        await self._writes.carry_out(self._put_back(offer, seconds))

    async def overdue(self, seconds: float, most: int) -> Sequence[Offer]:
        return self._noted(await self._queues.overdue(seconds, most))

    async def position(self, thread_id: str, run_id: str) -> int | None:
        how, *found = await self._script.job_step("waiting", thread_id)
        if how != b"ok" or found[0].decode() != run_id:
            return None
        queue = found[2].decode()
        place = await self._queues.position(queue, thread_id, run_id)
        if place is None:
            await self._mend(thread_id)
            place = await self._queues.position(queue, thread_id, run_id)
        return place

    async def figures(self) -> Mapping[str, QueueFigures]:
        return await self._queues.figures()

    async def leave(self, worker: str) -> None:
        await self._writes.carry_out(self._queues.leave(worker))

    async def _post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        version, waiting = uuid.uuid4().hex, Waiting(run.thread_id, run.run_id, run.owner)
        await asyncio.gather(
            self._queues.enter(job.queue, waiting, version),
            self._index.claiming(run.thread_id, seconds),
        )
        try:
            posted, at = await self._claimed(run, job, seconds)
        except (RequestError, StoreFull):
            with _stale_for_now(run.thread_id):
                await self._queues.withdraw(job.queue, waiting[:2], version)
            raise
        with _stale_for_now(run.thread_id):
            if posted.run.status == QUEUED:
                await asyncio.gather(
                    self._queues.confirm(job.queue, waiting, version),
                    # The run before may have taken out what was noted before the claim.
                    self._index.held(run.thread_id, seconds),
                    self._index.touched(run.owner, run.thread_id, at),
                )
            else:  # it was there, and waits no longer
                await self._queues.withdraw(job.queue, waiting[:2], version)
        return posted

    async def _claimed(self, run: RunInfo, job: Job, seconds: float) -> tuple[Posted, float]:
        """The run, as it is there now, and when it was posted; 0 if it was there before."""
        nonce = uuid.uuid4().hex
        while True:
            how, *found = await self._script.job_step(
                "post",
                run.thread_id,
                *(run.owner, run.agent, new_epoch(), nonce, run.run_id, run.fingerprint),
                *(run_json(run), seconds, self._inbox, self._limits.runs_per_thread),
                *(job.queue, job.body),
            )
            if how == b"ok":
                epoch, seq, at = found
                return Posted(run, Cursor(epoch.decode(), int(seq))), float(at)
            if (same := already(run, how, found)) is not None:
                return same, 0.0
            await self._end_lost_run(run.thread_id)

    async def _take(self, worker: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        offers: list[Offer] = []
        for queue in queues:
            room = most - len(offers)
            offers += self._noted(await self._queues.take(queue, worker, room, self._sweep))
        return offers

    async def _adopt(
        self, thread_id: str, run_id: str, on_stop: Callable[[], None]
    ) -> Adopted | None:
        entry = self._found.pop((thread_id, run_id), None)
        nonce, lease = uuid.uuid4().hex, self._limits.lease
        await self._index.leased(thread_id, lease)
        while True:
            begun_at = elapsed()
            how, *found = await self._script.job_step(
                "adopt", thread_id, *(run_id, nonce, new_epoch(), lease, self._inbox, RECOVERY)
            )
            if how == b"lapsed":
                await self._end_lost_run(thread_id)
            if how != b"ok":
                await self._refused(how, entry)
                return None
            if elapsed() - begun_at <= lease / 2:
                break  # else the same again is worth a whole lease
        adopted = self._granted(thread_id, found, Held(0, "", on_stop, begun_at + lease))
        with _stale_for_now(thread_id):
            await asyncio.gather(
                self._script.job_step("taken", thread_id, nonce),
                self._queues.remove(found[-1].decode(), (thread_id, run_id)),
            )
        return adopted

    def _granted(self, thread_id: str, found: Sequence[Answer], held: Held) -> Adopted:
        epoch, seq, token, known, item, body, waited, stop, _ = found
        held.epoch, held.seq = epoch.decode(), int(seq)
        self._leases.add(thread_id, int(token), held)
        start = Cursor(held.epoch, held.seq)
        ids = frozenset(each.decode() for each in known)
        lease = Lease(span_of(item).run, int(token), start, ids, self._limits.lease / RENEWALS)
        if stop:
            self._leases.stop(thread_id, lease.token)
        return Adopted(lease, body or b"", float(waited))

    async def _refused(self, how: bytes, entry: Entry | None) -> None:
        """The run does not wait, or somebody may have it."""
        if entry is None:
            return
        offer = entry.offer
        with _stale_for_now(offer.thread_id):
            if how == b"later":
                await self._queues.put_back(offer, RECOVERY)
            else:
                run = (offer.thread_id, offer.run_id)
                await self._queues.remove(offer.queue, run, entry.version)

    async def _put_back(self, offer: Offer, seconds: float) -> None:
        self._found.pop((offer.thread_id, offer.run_id), None)
        if not await self._queues.put_back(offer, seconds):
            await self._mend(offer.thread_id)

    def _noted(self, entries: Sequence[Entry]) -> list[Offer]:
        for entry in entries:
            self._found[entry.offer.thread_id, entry.offer.run_id] = entry
        while len(self._found) > FOUND:
            del self._found[next(iter(self._found))]
        return [entry.offer for entry in entries]

    async def _sweep(self) -> None:
        """Put all runs that wait where they are missing."""
        threads = await self._script.threads_with("job")
        for first in range(0, len(threads), SWEPT):
            await asyncio.gather(*map(self._mend, threads[first : first + SWEPT]))

    async def _mend(self, thread_id: str) -> None:
        """Put the thread's run where it is missing, if it waits."""
        how, *found = await self._script.job_step("waiting", thread_id)
        if how != b"ok":
            return
        run_id, owner, queue = (each.decode() for each in found[:3])
        waited, remaining = map(float, found[3:])
        run, version = (thread_id, run_id), uuid.uuid4().hex
        await self._index.held(thread_id, remaining)
        if await self._queues.restore(queue, Waiting(*run, owner), version, waited):
            # Whoever has adopted it meanwhile found nothing to remove.
            how, *found = await self._script.job_step("waiting", thread_id)
            still = how == b"ok" and found[0].decode() == run_id
            await (self._queues.reveal if still else self._queues.withdraw)(queue, run, version)


@contextmanager
def _stale_for_now(thread_id: str) -> Iterator[None]:
    """What is left undone here is found later: the thread says the truth."""
    try:
        yield
    except StoreUnavailable:
        logger.warning("the queue's entry of thread %s is stale for now", thread_id)
