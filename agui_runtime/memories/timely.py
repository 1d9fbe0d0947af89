"""Work that nobody waits for longer than is said, however it takes it that it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

from agui_runtime.core.errors import AguiError

T = TypeVar("T")


class MemoryFailed(AguiError):
    """What is remembered cannot be had now; nobody should wait for it."""

    code, status = "MEMORY_FAILED", 503


async def timely(work: Coroutine[object, None, T], until: float | None) -> T:
    """What the work returns. Raises errors of ours, and MemoryFailed for all others and where it is
    not done at that time of the event loop; None is whenever it is done.
    """
    if until is None:
        return await work
    task = asyncio.create_task(work)
    task.add_done_callback(_seen)
    try:
        remaining = until - asyncio.get_running_loop().time()
        await asyncio.wait([task], timeout=max(0.0, remaining))
    finally:
        task.cancel()
    if not task.done():
        raise MemoryFailed("it takes too long")
    if task.cancelled():
        raise MemoryFailed("something cancelled it")
    error = task.exception()
    if error is not None and not isinstance(error, AguiError):
        raise MemoryFailed("something failed") from error
    return task.result()


def _seen(task: asyncio.Task[T]) -> None:
    """Nobody looks at what became of work that was too late."""
    if not task.cancelled():
        task.exception()
