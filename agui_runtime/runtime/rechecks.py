"""What is open is looked at again, from time to time: whether its reader may still have it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of
from agui_runtime.stores.base import Batch

logger = logger_of(__name__)

TASK = "recheck"
"""The name of the tasks that look again."""


async def while_allowed(
    batches: AsyncGenerator[Batch, None], check: Callable[[], Awaitable[None]], every: float
) -> AsyncGenerator[Batch, None]:
    """The batches, until `check`, which is called after each so many seconds, refuses; raises its
    refusal then, also in the midst of a silence. Close it (`aclosing`).
    """
    watch = _Watch(check, every)
    async with aclosing(batches), watch.under_way():
        while True:
            try:
                async with asyncio.timeout(None) as watch.wait:
                    batch = await anext(batches, None)
            except TimeoutError:
                watch.raise_refusal()
                raise
            finally:
                watch.wait = None
            if batch is None:
                return
            yield batch
            del batch  # nothing is held in silence
            watch.raise_refusal()


class _Watch:
    """The repeated check of one reader; `wait` is what its refusal interrupts."""

    def __init__(self, check: Callable[[], Awaitable[None]], every: float) -> None:
        self._check = check
        self._every = every
        self._refusal: AguiError | None = None
        self._is_decided = True
        self.wait: asyncio.Timeout | None = None

    def raise_refusal(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        checking = asyncio.create_task(self._until_refused(), name=TASK)
        try:
            yield
        finally:
            checking.cancel()
            await asyncio.wait((checking,))

    async def _until_refused(self) -> None:
        while self._refusal is None:
            await asyncio.sleep(self._every)
            self._refusal = await self._found()
        if self.wait is not None:
            self.wait.reschedule(asyncio.get_running_loop().time())

    async def _found(self) -> AguiError | None:
        """The refusal, if there is one. Who cannot be decided upon keeps what is open; the first
        such failure in a row is a line in the log.
        """
        try:
            await self._check()
        except AguiError as error:
            if error.status < 500:
                return error
            if self._is_decided:
                logger.error("a stream stays open, its reader undecided: %s", error, exc_info=error)
            self._is_decided = False
        else:
            self._is_decided = True
        return None
