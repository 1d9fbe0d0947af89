"""Writes that are carried out whole, whatever becomes of whoever began them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class WholeWrites:
    """Carries each write out to its end also if its caller is cancelled meanwhile."""

    def __init__(self) -> None:
        self._writing: set[asyncio.Task[Any]] = set()

    async def carry_out(self, writing: Coroutine[Any, Any, T]) -> T:
        """Return what comes of it, when it is done; raises what it raises."""
        return await asyncio.shield(self.begin(writing))

    def begin(self, writing: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Carry it out without waiting for it."""
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._written)
        return task

    def _written(self, task: asyncio.Task[Any]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # its caller has the failure, unless it has gone
