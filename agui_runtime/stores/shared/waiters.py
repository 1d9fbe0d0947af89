"""Those who wait for news of a thread: woken in the order in which they came, a few at a time.

A crowd that is woken at once would hold up whoever has something to say: between two turns of it
others are served, and who is woken later finds more that is new.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import islice

AT_ONCE = 64
"""So many are woken in one turn of the event loop."""


class Waiters:
    """Waiters for one kind of news. Each names its event loop: Python 3.11 asks the system for the
    process whenever it is to find the running one.
    """

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._due: dict[asyncio.Future[None], None] = {}
        self._waking = False

    async def news(self, loop: asyncio.AbstractEventLoop) -> None:
        """Return after the next `wake`."""
        waiter = self.waiter(loop)
        try:
            await waiter
        except asyncio.CancelledError:
            self.forget(waiter)
            raise

    def waiter(self, loop: asyncio.AbstractEventLoop) -> asyncio.Future[None]:
        """One who waits for the next `wake`, after which it is done. `forget` it when nobody awaits
        it any longer.
        """
        # One future for each waiter: cancelling a waiter would cancel a shared one.
        waiter: asyncio.Future[None] = loop.create_future()
        self._waiting[waiter] = None
        return waiter

    def forget(self, waiter: asyncio.Future[None]) -> None:
        self._waiting.pop(waiter, None)
        self._due.pop(waiter, None)

    def wake(self) -> None:
        """There is news for all that wait now."""
        waiting = self._waiting
        if not waiting:
            return
        self._waiting = {}
        if not self._waking and len(waiting) <= AT_ONCE:
            _wake(waiting)
            return
        self._due |= waiting
        if not self._waking:
            self._wake_some()

    def _wake_some(self) -> None:
        some = list(islice(self._due, AT_ONCE))
        for waiter in some:
            del self._due[waiter]
        _wake(some)
        self._waking = bool(self._due)
        if self._waking:
            asyncio.get_running_loop().call_soon(self._wake_some)


def _wake(waiters: Iterable[asyncio.Future[None]]) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)
