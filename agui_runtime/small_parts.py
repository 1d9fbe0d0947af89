"""Parts of connections that take little memory: servers hold several of them for each."""

from __future__ import annotations

import asyncio
from typing import Literal, TypeVar

T = TypeVar("T")


class SmallEvent(asyncio.Event):
    """An `asyncio.Event` without its 700 bytes of room for waiters."""

    __slots__ = ("_is_set", "_waiters")

    def __init__(self, *, is_set: bool = False) -> None:
        self._is_set = is_set
        self._waiters: list[asyncio.Future[None]] = []  # type: ignore[assignment]  # a deque there

    def is_set(self) -> bool:
        return self._is_set

    def set(self) -> None:
        self._is_set = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> Literal[True]:
        """Return when it has been set, even if it was cleared since."""
        if self._is_set:
            return True
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            self._waiters.remove(waiter)
        return True


class SmallQueue(list[T]):
    """What is used of a `deque` whose items are hardly ever there, without its 600 bytes."""

    __slots__ = ()

    def appendleft(self, item: T) -> None:
        self.insert(0, item)
