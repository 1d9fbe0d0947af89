"""`Jobs` over tables: a row for each run that waits, and one for each worker and queue."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from agui_runtime.core.events import RunInfo
from agui_runtime.stores.jobs import Adopted, Job, Offer, Posted, QueueFigures
from agui_runtime.stores.shared.leases import HeldLeases
from agui_runtime.stores.shared.renewal import elapsed
from agui_runtime.stores.shared.whole_writes import WholeWrites
from agui_runtime.stores.sql import job_steps
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.job_steps import Adoption, Look
from agui_runtime.stores.sql.log import SqlRunLog
from agui_runtime.stores.sql.retention import Retention
from agui_runtime.stores.sql.step import Claim, Thread


class SqlJobs:
    """`Jobs` for any number of processes."""

    def __init__(
        self, backend: Backend, log: SqlRunLog, leases: HeldLeases, retention: Retention
    ) -> None:
        self._backend = backend
        self._log = log
        self._leases = leases
        self._retention = retention
        self._posting = WholeWrites()

    async def post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        return await self._posting.carry_out(self._post(run, job, seconds))

    async def take(self, worker: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        # No queue comes before another: what waits in a full one keeps nobody from the others.
        turns = sorted(set(queues))
        random.shuffle(turns)
        look = Look(worker, uuid.uuid4().hex, turns, most)
        if most <= 0 or not turns:
            await self._backend.change(partial(job_steps.see, look))
            return ()
        carry_out = self._backend.change if len(turns) == 1 else self._backend.write
        return await carry_out(partial(job_steps.take, look))

    async def adopt(
        self, thread_id: str, run_id: str, on_stop: Callable[[], None]
    ) -> Adopted | None:
        found = await self._backend.look(partial(job_steps.waiting, thread_id, run_id))
        if found is None:
            return None
        seconds = self._retention.limits.lease
        adoption = Adoption(found.run, found.token, uuid.uuid4().hex, seconds)
        while True:
            begun_at = elapsed()
            claimed = await self._log.claimed(partial(job_steps.adopt, adoption))
            if claimed.how == "gone":
                return None
            if elapsed() - begun_at <= seconds / 2:
                break  # else the same again is worth a whole lease
        lease = self._log.granted(claimed, on_stop, begun_at)
        if claimed.stop:
            self._leases.stop(thread_id, claimed.token)
        return Adopted(lease, found.body, found.waited)

    async def put_back(self, offer: Offer, seconds: float) -> None:
        await self._backend.change(partial(job_steps.put_back, offer, seconds))

    async def overdue(self, seconds: float, most: int) -> Sequence[Offer]:
        return await self._backend.look(partial(job_steps.overdue, seconds, most))

    async def position(self, thread_id: str, run_id: str) -> int | None:
        return await self._backend.look(partial(job_steps.position, thread_id, run_id))

    async def figures(self) -> Mapping[str, QueueFigures]:
        return await self._backend.look(job_steps.figures)

    async def leave(self, worker: str) -> None:
        await self._backend.change(partial(job_steps.leave, worker))

    async def _post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        thread = Thread(run.thread_id, run.owner, run.agent, self._retention.oldest())
        claim = Claim(run, uuid.uuid4().hex, seconds, self._retention.limits.runs_per_thread)
        posting = partial(job_steps.post, thread, claim, job)
        while True:
            claimed = await self._backend.write(posting, run.thread_id)
            if claimed.how != "lapsed":
                return Posted(claimed.run, claimed.start, claimed.how == "fresh")
            await self._log.end_lost_run(run.thread_id)
