"""What this process hears of its threads: one connection, however many readers follow them.

What is heard only saves a look into the log; whoever missed something finds it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from agui_runtime.core import jsontext
from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.pipe import cancellable, cancelled
from agui_runtime.stores.shared.outage import Outage
from agui_runtime.stores.shared.recent_records import RecentRecords
from agui_runtime.stores.shared.tails import Tails

logger = lasting_logger_of(__name__)

PULSE = 2.0
"""Seconds between signs of life; a connection that is silent for three of them is dead."""

RETRY_AFTER = 0.2


class RedisSubscriber:
    """Keeps the one connection alive and hands what it says to tails and to `on_inbox`."""

    def __init__(
        self,
        dial: Callable[[], AbstractConnection],
        tails: Tails,
        inbox: str,
        on_inbox: Callable[[bytes], None],
    ) -> None:
        self._dial = dial
        self._tails = tails
        self._inbox = inbox
        self._on_inbox = on_inbox
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._task is not None:
            await cancelled(self._task)

    async def _listen(self) -> None:
        outage = Outage(logger)
        while True:
            try:
                async with self._connected() as connection, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._subscribe(connection))
                    tasks.create_task(self._read(connection))
            except* (RedisError, OSError, TimeoutError, StoreUnavailable) as group:
                outage.warn("Redis: listening again", group.exceptions[0])
            except* Exception:  # a foreign SDK: stops and news come on, whatever it raised
                logger.exception("Redis: listening failed; it begins anew")
            self._tails.forget()
            await asyncio.sleep(RETRY_AFTER)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AbstractConnection]:
        connection = self._dial()
        try:
            await cancellable(connection.connect())  # type: ignore[no-untyped-call]  # redis-py
            yield connection
        finally:
            await connection.disconnect()

    async def _subscribe(self, connection: AbstractConnection) -> None:
        subscribed: set[str] = set()
        now = asyncio.get_running_loop().time
        pinged_at = now()
        while True:
            self._tails.changed.clear()
            wanted = {self._inbox, *self._tails.wanted()}
            for word, channels in (
                ("SUBSCRIBE", wanted - subscribed),
                ("UNSUBSCRIBE", subscribed - wanted),
            ):
                if channels:
                    await cancellable(connection.send_command(word, *channels))
            subscribed = wanted
            if now() - pinged_at >= PULSE:  # whatever else goes on, so that an answer is due
                await cancellable(connection.send_command("PING"))
                pinged_at = now()
            with suppress(TimeoutError):
                async with asyncio.timeout(PULSE):
                    await self._tails.changed.wait()

    async def _read(self, connection: AbstractConnection) -> None:
        while True:
            reply = await cancellable(connection.read_response(timeout=3 * PULSE))
            if reply is None:
                raise TimeoutError("nothing was heard, not even an answer to a sign of life")
            if not isinstance(reply, list) or len(reply) != 3:
                continue  # PONG
            kind, channel, payload = reply
            name = channel.decode()
            if kind == b"message" and name == self._inbox:
                self._on_inbox(payload)
            elif (tail := self._tails.named(name)) is not None and kind != b"unsubscribe":
                _take_news(tail, kind, payload)


def _take_news(tail: RecentRecords, kind: bytes, payload: Answer) -> None:
    """News of the thread; also that it is gone, or that only from now on news is heard."""
    if kind != b"message" or not payload:
        tail.forget()
        return
    head, _, events = payload.partition(b"\n")
    try:
        epoch, first, run_id = head.decode().split(" ", 2)
        tail.add(epoch, int(first), run_id, jsontext.loads(events))
    except ValueError as error:  # the log may be in order, and is looked into
        logger.error("Redis: news that cannot be read: %s", error)
        tail.forget()
