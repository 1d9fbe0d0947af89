"""A lock that whoever finds it free takes without waiting, and without a coroutine. No I/O."""

from __future__ import annotations

import asyncio
from collections import deque


class Turn:
    """Goes from one to the next in the order in which they came."""

    def __init__(self) -> None:
        self._taken = False
        self._line: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take it if it is free; False if it is not."""
        if self._taken:
            return False
        self._taken = True
        return True

    async def wait(self) -> None:
        """Return when it is taken for the caller."""
        if self.take():
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():  # it was the caller's already
                self.release()
            raise

    def release(self) -> None:
        """The next one has it; who has gone meanwhile is passed over."""
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._taken = False

    async def __aenter__(self) -> None:
        await self.wait()

    async def __aexit__(self, *_: object) -> None:
        self.release()
