"""What is due whether or not anybody asks: runs without a process end, old runs get compacted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from agui_runtime.core.errors import AguiError, Gone, ThreadNotFound
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.shared.codec import Damaged

logger = lasting_logger_of(__name__)

EVERY = 1.0
RECOVERY = 2.0
"""After trouble with the store, owners have so many seconds to renew their leases first."""


class Upkeep(Protocol):
    """What a store does for its threads when it is due."""

    def calm_for(self) -> float:
        """Seconds since the store last failed to answer."""

    async def lapsed(self) -> Sequence[str]:
        """Threads whose lease seems to have lapsed."""

    async def end_lost_run(self, thread_id: str) -> bool:
        """End the thread's run if its lease has lapsed; returns whether it was ended."""

    async def take_uncompacted(self) -> Sequence[str]:
        """Threads with runs to be compacted; each is given to one caller."""

    async def compact(self, thread_id: str, age: float | None = None) -> int:
        """Compact the runs of the thread that are due, or ended so many seconds ago, and note when
        the next one is; how many there were.

        Raises Gone and ThreadNotFound for what made room, or was deleted meanwhile.
        """

    async def forget_old_threads(self) -> None:
        """Erase threads that a limit says are too old, unless the store does so by itself."""

    async def verify(self) -> None:
        """Have readers look into logs of which they had no news for a while."""


class Janitor:
    """Looks after all threads, in every process; who comes first does what is due."""

    def __init__(self, upkeep: Upkeep) -> None:
        self._upkeep = upkeep

    async def watch(self) -> None:
        """Look after the threads until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                if self._upkeep.calm_for() >= RECOVERY:
                    await self.end_lost_runs()
                await self.compact_old_runs()
                await self._upkeep.forget_old_threads()
                await self._upkeep.verify()
            except AguiError as error:
                logger.warning("looking after the threads failed: %s", error)
            except Exception:  # a foreign SDK: the watch goes on, whatever a store's client raised
                logger.exception("looking after the threads failed")

    async def end_lost_runs(self) -> None:
        """End the runs whose leases have lapsed."""
        for thread_id in await self._upkeep.lapsed():
            async with _apart(thread_id):
                await self._upkeep.end_lost_run(thread_id)

    async def compact_old_runs(self) -> None:
        """Store runs that ended long enough ago in fewer, equal events."""
        for thread_id in await self._upkeep.take_uncompacted():
            with suppress(Gone, ThreadNotFound):
                async with _apart(thread_id):
                    await self._upkeep.compact(thread_id)


@asynccontextmanager
async def _apart(thread_id: str) -> AsyncIterator[None]:
    """What is wrong with one thread keeps nobody from looking after the others."""
    try:
        yield
    except Damaged as error:
        logger.error("thread %s is damaged: %s", thread_id, error)
    except AguiError:
        raise
    except Exception:  # a foreign SDK: one thread that cannot be read holds up no other
        logger.exception("thread %s cannot be looked after", thread_id)
