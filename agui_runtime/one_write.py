"""The head of an answer leaves with what follows at once: each write is a call of the kernel, and
wakes the client.
"""

from __future__ import annotations

import asyncio
from typing import Any, Protocol
from weakref import ref


class Cycle(Protocol):
    """Whatever writes one answer to its transport."""

    transport: asyncio.Transport


class HeadHeld:
    """Stands in for a cycle's transport until the head is out: the first write, which waits for
    the second as long as nobody else has a turn.
    """

    __slots__ = ("_cycle", "_head", "_loop", "_transport")

    def __init__(self, cycle: Cycle, loop: asyncio.AbstractEventLoop) -> None:
        self._cycle = ref(cycle)  # which holds this, and may never write
        self._transport = cycle.transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            self._let_go(data)
        else:
            self._head = data
            self._loop.call_soon(self._let_go)

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever else a transport has
        return getattr(self._transport, name)

    def _let_go(self, more: bytes = b"") -> None:
        if self._head:
            head, self._head = self._head, b""
            if cycle := self._cycle():
                cycle.transport = self._transport
            self._transport.write(head + more)
