"""A doorbell in PostgreSQL: a bell is a notification, and all workers of its queue look.

It needs no tables. Whoever listens needs a connection that stays one session: behind a pooler in
transaction mode, `listen` in the URL names the server itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from agui_runtime.core.errors import MissingExtra
from agui_runtime.queues.base import Look, QueueUnavailable

try:
    import asyncpg

    from agui_runtime.stores.sql.postgres.address import address_of
    from agui_runtime.stores.sql.postgres.connections import Connection, connect
    from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER
    from agui_runtime.stores.sql.postgres.news import PostgresSubscriber, notification
except ModuleNotFoundError as error:  # pragma: no cover - needs an installation without asyncpg
    if error.name != "asyncpg":
        raise
    raise MissingExtra("a queue in PostgreSQL", "postgres") from None

CHANNEL = "agui_runtime_bells"

REFUSALS = (
    asyncpg.InvalidPasswordError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)

PATIENCE = 3.0
"""Seconds for connecting, and for a bell."""


class PostgresQueue:
    """A `RunQueue` in the database that a URL names. Installations with the same database hear each
    other unless their `prefix` differs. Raises Misconfigured for a URL that cannot be meant.
    """

    def __init__(self, url: str, prefix: str = "agui") -> None:
        self._address = address_of(url)
        self._prefix = prefix
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    @property
    def where(self) -> str:
        return self._address.where

    async def open(self) -> None:
        await self._execute("select 1")

    async def ring(self, queue: str) -> None:
        await self._send(self._payload(queue))

    async def serve(self, queues: Sequence[str], look: Look) -> None:
        bell, meant = asyncio.Event(), frozenset(map(self._payload, queues))

        def receive(payload: str) -> None:
            if payload in meant:
                bell.set()

        dial = partial(connect, self._address, self._address.listen, PATIENCE)
        subscriber = PostgresSubscriber(dial, self._send, CHANNEL)
        try:
            await subscriber.start(receive, bell.set)
            while True:
                await bell.wait()
                bell.clear()
                await look()
        finally:
            await subscriber.close()

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    def _payload(self, queue: str) -> str:
        return f"{self._prefix}:{queue}"

    async def _send(self, payload: str) -> None:
        await self._execute(notification(payload, CHANNEL))

    async def _execute(self, statement: str) -> None:
        """Raises QueueUnavailable. A connection that broke while it was not used is replaced."""
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                if self._connection is not None:
                    try:
                        await self._connection.execute(statement)
                        return
                    except OF_THE_SERVER:
                        await self.close()
                self._connection = await connect(self._address)
                await self._connection.execute(statement)
        except OF_THE_SERVER as error:
            await self.close()
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> QueueUnavailable:
    if isinstance(error, REFUSALS):
        return QueueUnavailable("the queue refuses the user, password or database of its URL")
    return QueueUnavailable("the queue cannot be reached; try again later")
