"""The part of `RunLog` that is the same in all stores that any number of processes write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager

from agui_runtime.core.errors import AguiError, OwnerLost, StoreFull
from agui_runtime.core.events import Cursor, Event, RunInfo
from agui_runtime.stores.base import Batch, Lease, RunEnd
from agui_runtime.stores.shared.leases import Held, HeldLeases
from agui_runtime.stores.shared.reading import LogReader
from agui_runtime.stores.shared.whole_writes import WholeWrites


class LeasedLog(ABC):
    """Writers hold leases, readers hold cursors. A backend adds how it claims and writes."""

    def __init__(self, leases: HeldLeases, reader: LogReader) -> None:
        self._leases = leases
        self._reader = reader
        self._writes = WholeWrites()

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        return self._leases.keep(lease, on_lost)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        await self._writes.carry_out(self._release(lease, end))

    def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        return self._reader.follow(thread_id, after)

    async def end(self, thread_id: str) -> Cursor:
        return await self._reader.end(thread_id)

    async def active(self, thread_id: str) -> RunInfo | None:
        return await self._reader.active(thread_id)

    async def wait_idle(self, thread_id: str) -> None:
        await self._reader.wait_idle(thread_id)

    async def _release(self, lease: Lease, end: RunEnd) -> None:
        held = self._leases.of(lease)
        try:
            async with held.turn:
                if held.broken:
                    ended = await self._give_up(lease, end.events[-1])
                else:
                    ended = await self._write_end(lease, held, end)
        except StoreFull:  # nothing of the end is stored, and for now nobody can store one
            self._leases.lose(lease, unreadable=True)
            raise
        except AguiError:
            self._leases.remove(lease)
            raise
        except Exception:  # a foreign SDK: the store's client
            held.broken = True  # what was written of it is not known; another end may follow
            raise
        if not ended:
            self._leases.lose(lease)
            raise OwnerLost
        self._leases.remove(lease)

    async def _give_up(self, lease: Lease, terminal: Event) -> bool:
        """End the run from what is stored of it, as if this process were gone; whether it ends with
        the terminal event that it was to have.
        """
        await self._lapse(lease)
        failure = terminal if terminal["type"] == "RUN_ERROR" else None
        return await self.end_lost_run(lease.run.thread_id, failure) and failure is not None

    @abstractmethod
    async def end_lost_run(self, thread_id: str, failure: Event | None = None) -> bool:
        """End the thread's run if its lease has lapsed; somebody else may do so at the moment.
        `failure` is the RUN_ERROR that says why, if that is known. Returns whether it was ended.

        Nothing is done if the run writes meanwhile: its process lives, and is late.
        """

    @abstractmethod
    async def _lapse(self, lease: Lease) -> None:
        """Let the lease lapse now."""

    @abstractmethod
    async def _write_end(
        self, lease: Lease, held: Held, end: RunEnd, *, lost: bool = False
    ) -> bool:
        """Write the run's end, if the lease still stands, and say whether that is so."""
