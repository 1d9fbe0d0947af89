"""Keeps this process's leases alive, from a thread and a connection of its own.

Neither a busy event loop nor a crowd of readers costs a live run its lease. It knows no logs.

What proves life: the event loop answers at least every `hung` seconds, and the store every `lease`
seconds. Without the first, leases are given up; without the second, they are over by the owner's
own clock, before anybody else may take them.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.base import Lease

logger = lasting_logger_of(__name__)

RENEWALS = 10
"""So many in the length of a lease: an outage of nearly all of it can be waited out."""

LOOKS = 20
"""So often in the length of a lease it is seen whether one is over."""


def elapsed() -> float:
    """Seconds of a clock that nobody sets and, where the system has one, that runs on while the
    machine sleeps.
    """
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)


@dataclass(slots=True)
class Tenure:
    """A lease that is renewed; it is the process's own until the clock shows `until`.

    `on_lost` is given whether nobody but the clock says so.
    """

    lease: Lease
    until: float
    on_lost: Callable[[bool], None]
    on_stop: Callable[[], None]
    lost: bool = False

    @property
    def over(self) -> bool:
        return self.lost or elapsed() >= self.until


Reply: TypeAlias = Literal["ok", "stop", "lost"]
"""Of the store to one renewal; `stop`: it is renewed, and somebody asks the run to stop."""

Answered: TypeAlias = Callable[[Tenure, float, Reply], None]
"""Takes the reply to a renewal, with the time by `elapsed` at which it was sent."""


class Renewer(Protocol):
    """How a store renews leases; called in the thread's event loop, one call at a time."""

    async def open(self) -> None:
        """Connect, unless it is connected; raises StoreUnavailable."""

    async def renew(self, due: Sequence[Tenure], answered: Answered) -> None:
        """Renew each of them once and hand its reply on; raises StoreUnavailable for those that
        have none. Without any, see that the connection is there.
        """

    async def close(self) -> None:
        """Let go of the connection."""


class LeaseRenewal:
    """Renews what it is given to keep; calls back in the event loop that opened it."""

    def __init__(self, renewer: Renewer, lease: float, hung: float) -> None:
        self._renewer = renewer
        self._lease = lease
        self._hung = hung
        self._tenures: dict[tuple[str, int], Tenure] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._begun = threading.Event()
        self._closing = False

    def open(self) -> None:
        """Begin; raises nothing."""
        if self._thread is None:
            self._loop = asyncio.get_running_loop()
            self._answered_at = elapsed()
            self._closing = False
            self._thread = threading.Thread(target=self._live, name="leases", daemon=True)
            self._thread.start()

    async def close(self) -> None:
        """Renew nothing more; return when the thread has ended."""
        thread, self._thread, self._closing = self._thread, None, True
        while thread is not None and thread.is_alive():
            with suppress(RuntimeError):  # its loop has just ended
                self._in_thread(self._end)
            await asyncio.to_thread(thread.join, 0.05)

    def keep(self, tenure: Tenure) -> None:
        with self._lock:
            self._tenures[tenure.lease.run.thread_id, tenure.lease.token] = tenure

    def drop(self, lease: Lease) -> None:
        with self._lock:
            self._tenures.pop((lease.run.thread_id, lease.token), None)

    # What follows runs in the thread.

    def _live(self) -> None:
        while not self._closing:
            try:
                with asyncio.Runner(loop_factory=_kind(self._loop)) as runner:
                    runner.run(self._watch())
            except asyncio.CancelledError:
                return
            except Exception:  # a foreign SDK: the leases live on, whatever a store's client raised
                logger.exception("keeping the leases failed; it begins anew")
                time.sleep(1)

    async def _watch(self) -> None:
        """See what is over, for as long as renewals go on."""
        self._own = asyncio.get_running_loop()
        self._renewing = asyncio.create_task(self._renew())
        self._begun.set()
        try:
            while not self._renewing.done():
                await asyncio.wait([self._renewing], timeout=self._lease / LOOKS)
                for tenure in self._all():
                    if tenure.over:
                        self._lose(tenure, by_clock=True)
            self._renewing.result()
        finally:
            await self._renewer.close()

    async def _renew(self) -> None:
        due: Sequence[Tenure] = ()
        idle = False  # the first time without any lease: so the connection is there in time
        while True:
            if not idle:
                try:
                    await self._renewer.open()
                    await self._renewer.renew(due, self._answered)
                except (StoreUnavailable, OSError) as error:
                    logger.warning("%d leases are not renewed yet: %s", len(due), error)
            await asyncio.sleep(self._lease / RENEWALS)
            due = self._due()
            idle = not due

    def _due(self) -> Sequence[Tenure]:
        live = [tenure for tenure in self._all() if not tenure.over]
        if not live:
            self._answered_at = elapsed()  # nobody asks the event loop while there is no lease
            return ()
        return live if self._loop_lives() else ()

    def _answered(self, tenure: Tenure, sent: float, reply: Reply) -> None:
        if reply == "lost":
            self._lose(tenure, by_clock=False)
            return
        tenure.until = sent + self._lease
        if reply == "stop":
            self._call(tenure.on_stop)

    def _lose(self, tenure: Tenure, *, by_clock: bool) -> None:
        if not tenure.lost:
            tenure.lost = True
            self._call(lambda: tenure.on_lost(by_clock))

    def _all(self) -> Sequence[Tenure]:
        with self._lock:
            return list(self._tenures.values())

    def _loop_lives(self) -> bool:
        """Whether the event loop has answered lately; it is asked again."""
        self._call(self._answer)
        silent = elapsed() - self._answered_at
        if silent > self._hung:
            logger.error("the event loop has not turned for %.0f s: leases are given up", silent)
        return silent <= self._hung

    def _call(self, callback: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is there to be called
            self._loop.call_soon_threadsafe(callback)

    def _answer(self) -> None:
        self._answered_at = elapsed()

    def _in_thread(self, callback: Callable[[], None]) -> None:
        self._begun.wait()
        self._own.call_soon_threadsafe(callback)

    def _end(self) -> None:
        if self._renewing is not None:
            self._renewing.cancel()


def _kind(loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes a loop for the thread: one of uvloop where the process runs on that. asyncio's own
    makes room for 256 KiB at each read, which tears the thread's part of the memory ever wider.
    """
    return type(loop) if type(loop).__module__ == "uvloop" else None
