"""How a process listens to PostgreSQL, where a server would not show it in a moment of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from agui_runtime.stores.sql.postgres.news import CHANNEL, ECHO, PostgresSubscriber

MOMENTS = 6
"""Turns of the event loop, in one of which the listener goes on."""


class Server:
    """Lets the notification of whoever listens arrive when the test says so."""

    def __init__(self) -> None:
        self.notified = asyncio.Event()
        self._receive: Callable[..., None] = print

    async def dial(self) -> Any:  # noqa: ANN401  # of asyncpg's connection what is called here
        return self

    async def add_listener(self, channel: str, receive: Callable[..., None]) -> None:
        self._receive = receive

    def terminate(self) -> None:
        pass

    async def send(self, payload: str) -> None:
        self.notified.set()

    def deliver(self) -> None:
        self._receive(self, 1, CHANNEL, ECHO)


async def test_a_listener_that_is_closed_as_it_hears_itself_has_closed() -> None:
    for turns in range(MOMENTS):
        server = Server()
        listening = PostgresSubscriber(server.dial, server.send)
        starting = asyncio.create_task(listening.start(lambda payload: None, lambda: None))
        await server.notified.wait()
        await asyncio.sleep(0)
        server.deliver()
        for _ in range(turns):
            await asyncio.sleep(0)
        await listening.close()
        starting.cancel()
        await asyncio.wait([starting])
