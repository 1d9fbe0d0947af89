"""Those who wait for news of a thread: woken in the order in which they came, a few at a time.

A crowd that is woken at once would hold up whoever has something to say: between two turns of it
others are served, and who is woken later finds more that is new.
"""

from __future__ import annotations

import asyncio

AT_ONCE = 64
"""So many are woken in one turn of the event loop."""


class Waiters:
    """Waiters for one kind of news."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._due: dict[asyncio.Future[None], None] = {}
        self._waking = False

    async def news(self) -> None:
        """Return after the next `wake`."""
        # One future for each waiter: cancelling a waiter would cancel a shared one.
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        try:
            await waiter
        finally:
            self._waiting.pop(waiter, None)
            self._due.pop(waiter, None)

    def wake(self) -> None:
        """There is news for all that wait now."""
        if not self._waiting:
            return
        self._due |= self._waiting
        self._waiting.clear()
        if not self._waking:
            self._waking = True
            self._wake_some()

    def _wake_some(self) -> None:
        for waiter in list(self._due)[:AT_ONCE]:
            del self._due[waiter]
            if not waiter.done():
                waiter.set_result(None)
        self._waking = bool(self._due)
        if self._waking:
            asyncio.get_running_loop().call_soon(self._wake_some)
