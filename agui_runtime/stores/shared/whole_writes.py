"""Writes that are carried out whole, whatever becomes of whoever began them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class WholeWrites:
    """Carries each write out to its end also if its caller is cancelled meanwhile."""

    def __init__(self) -> None:
        self._writing: set[asyncio.Task[None]] = set()

    async def carry_out(self, writing: Coroutine[Any, Any, None]) -> None:
        """Return when it is done; raises what it raises."""
        task = asyncio.create_task(writing)
        self._writing.add(task)
        task.add_done_callback(self._written)
        await asyncio.shield(task)

    def _written(self, task: asyncio.Task[None]) -> None:
        self._writing.discard(task)
        if not task.cancelled():
            task.exception()  # its caller has the failure, unless it has gone
