"""The seam by which runs wait for a worker. Promises only; no behaviour.

The store holds the job and the thread. A queue only rings: a bell that is lost or rings twice does
no harm, because whoever hears one looks here for what there is to do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

from agui_runtime.core.events import Cursor, RunInfo
from agui_runtime.core.queueing import QueueFigures as QueueFigures
from agui_runtime.stores.base import Lease

OFFERED = 30.0
"""Seconds for which a job that was offered to one worker is offered to no other."""

SEEN = 15.0
"""A worker that has not looked for so many seconds counts as gone."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs for carrying out a run. `body` is read by whoever adopts the run, and
    by nobody else.
    """

    queue: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A run that waits, and the cursor just before its first record. Not `fresh`: the very same run
    was there already, and nothing was posted.
    """

    run: RunInfo
    start: Cursor
    fresh: bool = True


class Offer(NamedTuple):
    """A run that waits for a worker."""

    thread_id: str
    run_id: str
    queue: str


@dataclass(frozen=True, slots=True)
class Adopted:
    """The lease of a run that waited, what was posted with it, and for how many seconds it waited.
    `lease.run.status` is `running`.
    """

    lease: Lease
    body: bytes
    waited: float


class Jobs(Protocol):
    """The runs that wait, in all threads. Each step completes even if its caller is cancelled."""

    async def post(self, run: RunInfo, job: Job, seconds: float) -> Posted:
        """Make `run`, whose status is `queued`, the one that will write its thread, and keep the
        job until somebody adopts it. It is as with `RunLog.claim`: nobody else may write the
        thread, the same run posted again is the same run, and it raises ThreadNotFound and Busy.

        The thread is held for so many seconds. A run that nobody has adopted by then ends with
        QUEUE_TIMEOUT.
        """

    async def take(self, worker: str, queues: Sequence[str], most: int) -> Sequence[Offer]:
        """Up to so many runs that wait in these queues, to be adopted now; each is offered to
        nobody else for `OFFERED` seconds. It also says that this worker lives: call it with `most`
        0 as well.

        Owners take turns: the first run of an owner in a queue comes before the second of another,
        however many that one has posted before; runs of one owner come in the order in which they
        were posted. A run that is offered may be gone: `adopt` says so.
        """

    async def adopt(
        self, thread_id: str, run_id: str, on_stop: Callable[[], None]
    ) -> Adopted | None:
        """Become the one that writes the thread, under a lease that is renewed as any; None if the
        run does not wait: one caller gets it, once.

        `on_stop` is as in `RunLog.claim`; a stop that was asked for while the run waited counts.
        """

    async def put_back(self, offer: Offer, seconds: float) -> None:
        """Offer the run to others again, so many seconds from now: this worker cannot do it."""

    async def overdue(self, seconds: float, most: int) -> Sequence[Offer]:
        """Runs that were posted so many seconds ago, or longer, and wait still."""

    async def position(self, thread_id: str, run_id: str) -> int | None:
        """How many runs of its queue come before this one, as they stand now; None if it does not
        wait.
        """

    async def figures(self) -> Mapping[str, QueueFigures]:
        """Of each queue in which runs wait or into which workers look."""

    async def leave(self, worker: str) -> None:
        """This worker looks no more."""


@runtime_checkable
class Queueing(Protocol):
    """A store in which runs can wait for a worker."""

    @property
    def jobs(self) -> Jobs: ...
