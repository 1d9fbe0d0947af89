"""One step for what many want at once: what comes while it is carried out goes with the next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """Has `carry_out` called with all that has gathered, in the order of asking and one call after
    another; it returns what comes of each. What it raises is raised to each of them.
    """

    def __init__(self, carry_out: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._carry_out = carry_out
        self._gathered: list[T] = []
        self._latest: asyncio.Task[Sequence[R]] | None = None

    async def put(self, wanted: T) -> R:
        """What comes of it; it is carried out whoever still waits for that."""
        place = len(self._gathered)
        self._gathered.append(wanted)
        task = self._latest
        if place == 0 or task is None:  # the first of those that go together
            task = self._latest = asyncio.create_task(self._carried_out(task))
        return (await asyncio.shield(task))[place]

    async def _carried_out(self, before: asyncio.Task[Sequence[R]] | None) -> Sequence[R]:
        """After those `before`: a lock would belong to one event loop, and stores outlive these."""
        if before is not None and not before.done():
            await asyncio.wait((before,))
        del before
        gathered, self._gathered = self._gathered, []
        return await self._carry_out(gathered)
