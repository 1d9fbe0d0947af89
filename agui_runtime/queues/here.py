"""A doorbell within one process, for tests and for trying workers out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from agui_runtime.queues.base import Look


class HereQueue:
    """A `RunQueue` whose workers are in the same event loop."""

    where = "this process"

    def __init__(self) -> None:
        self._waiting: dict[str, list[asyncio.Event]] = {}

    async def open(self) -> None:
        """Nothing to connect to."""

    async def ring(self, queue: str) -> None:
        for bell in self._waiting.get(queue, ()):
            bell.set()

    async def serve(self, queues: Sequence[str], look: Look) -> None:
        bell = asyncio.Event()
        for queue in queues:
            self._waiting.setdefault(queue, []).append(bell)
        try:
            while True:
                await bell.wait()
                bell.clear()
                await look()
        finally:
            for queue in queues:
                self._waiting[queue].remove(bell)

    async def close(self) -> None:
        """Nothing to let go of."""
