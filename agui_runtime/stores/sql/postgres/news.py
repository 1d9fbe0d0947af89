"""What processes notify each other of: the threads that changed, and runs that are to stop.

One connection listens; it never opens a transaction, as its backlog would fill the server's queue.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeAlias

import orjson

from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.shared.outage import Outage
from agui_runtime.stores.sql.postgres.connections import Connection
from agui_runtime.stores.sql.postgres.failures import OF_THE_SERVER

logger = lasting_logger_of(__name__)

CHANNEL = "agui_runtime"

LONGEST = 7000
"""Bytes of a notification; 8,000 would fail the whole transaction that sends it."""

ANYTHING = "*"

PULSE = 2.0
"""Seconds between signs of life."""

RETRY_AFTER = 0.2
POLL_EVERY = 0.2

ECHO = "?"
"""What a process notifies itself of."""

Receive: TypeAlias = Callable[[str], None]
"""Who is given what notifications say, in the event loop."""


def changed(thread_ids: Sequence[str]) -> str:
    text = orjson.dumps({"changed": list(thread_ids)})
    return text.decode() if len(text) <= LONGEST else ANYTHING


def stop(thread_id: str, token: int) -> str:
    text = orjson.dumps({"stop": [thread_id, token]})
    return text.decode() if len(text) <= LONGEST else ANYTHING


def notification(payload: str, channel: str = CHANNEL) -> str:
    """What sends it, as a statement without parameters that can go with others."""
    text = payload.replace("\\", "\\\\").replace("'", "''")
    return f"select pg_notify('{channel}', E'{text}');"


class PostgresSubscriber:
    """Listens to a channel until it is closed, over connections that `dial` makes.

    It begins with a notification to itself, by `send`. Where that does not arrive, because a pooler
    swallows it, the listener is told again and again that anything may have changed.
    """

    def __init__(
        self,
        dial: Callable[[], Awaitable[Connection]],
        send: Callable[[str], Awaitable[None]],
        channel: str = CHANNEL,
    ) -> None:
        self._dial = dial
        self._send = send
        self._channel = channel
        self._task: asyncio.Task[None] | None = None
        self._echo = asyncio.Event()
        self._ready = asyncio.Event()

    async def start(self, receive: Receive, on_anything: Callable[[], None]) -> None:
        """Return when it listens, or has found that it cannot; `on_anything` is called when
        notifications may have been missed.
        """
        self._task = asyncio.create_task(self._listen(receive, on_anything))
        with suppress(TimeoutError):
            async with asyncio.timeout(PULSE):
                await self._ready.wait()

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _listen(self, receive: Receive, on_anything: Callable[[], None]) -> None:
        outage = Outage(logger)
        while True:
            try:
                await self._connection(receive, on_anything)
            except OF_THE_SERVER as error:
                outage.warn("PostgreSQL: listening again", error)
            except Exception:  # a foreign SDK: nobody would learn of news from now on
                logger.exception("PostgreSQL: listening failed; it begins anew")
            on_anything()
            await asyncio.sleep(RETRY_AFTER)

    async def _connection(self, receive: Receive, on_anything: Callable[[], None]) -> None:
        connection = await self._dial()
        try:
            await connection.add_listener(self._channel, self._receiver(receive))
            arrives = await self._arrives()
            self._ready.set()
            on_anything()
            while True:
                await asyncio.sleep(PULSE if arrives else POLL_EVERY)
                await connection.execute("select 1")
                if not arrives:
                    on_anything()
        finally:
            connection.terminate()

    def _receiver(self, receive: Receive) -> Callable[[object, int, str, object], None]:
        def receiver(connection: object, process: int, channel: str, payload: object) -> None:
            if payload == ECHO:
                self._echo.set()
            else:
                receive(str(payload))

        return receiver

    async def _arrives(self) -> bool:
        """Whether notifications do."""
        self._echo.clear()
        await self._send(ECHO)
        try:
            async with asyncio.timeout(PULSE):
                await self._echo.wait()
        except TimeoutError:
            logger.warning(
                "PostgreSQL: no notifications arrive (is there a connection pooler between?): news"
                " is looked for every %s ms; ?listen=postgresql://... names the server itself",
                round(POLL_EVERY * 1000),
            )
            return False
        return True
