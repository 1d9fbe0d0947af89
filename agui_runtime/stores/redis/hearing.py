"""What this process hears of its threads: one connection, however many readers follow them.

What is heard only saves a look into the log; whoever missed something finds it there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError

from agui_runtime import jsontext
from agui_runtime.errors import StoreUnavailable
from agui_runtime.events import Cursor, Event, Record
from agui_runtime.stores.base import Batch
from agui_runtime.stores.redis.pipe import cancellable, cancelled

logger = logging.getLogger(__name__)

PULSE = 2.0
"""Seconds between signs of life; a connection that is silent for three of them is dead."""

RETRY_AFTER = 0.2
WINDOW = 512
"""So many of a thread's latest records are at hand for its readers."""


class Tail:
    """The latest records of one thread, shared by its readers in this process."""

    def __init__(self) -> None:
        self.changes = 0
        self.readers = 0
        self._epoch = ""
        self._records: list[Record] = []
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def latest(self) -> Record | None:
        """The newest record, if it was heard."""
        return self._records[-1] if self._records else None

    def since(self, after: Cursor) -> Batch | None:
        """The records after the cursor, none if it is the latest; None where only the log knows."""
        if not self._records or after.epoch != self._epoch:
            return None
        place = after.seq + 1 - self._records[0].seq
        if not 0 <= place <= len(self._records):
            return None
        return Batch(self._records[place:], Cursor(self._epoch, self._records[-1].seq))

    def hear(self, epoch: str, first: int, run_id: str, events: Sequence[Event]) -> None:
        """Records that were stored; what was heard before is ignored."""
        latest = self._records[-1].seq if self._records else 0
        if epoch == self._epoch and first + len(events) - 1 <= latest:
            return
        if epoch != self._epoch or first != latest + 1 or len(self._records) > WINDOW:
            self._records = []
        self._epoch = epoch
        self._records += [Record(seq, run_id, event) for seq, event in enumerate(events, first)]
        self._wake()

    def forget(self) -> None:
        """Something may have been missed: every reader looks into the log."""
        self._records = []
        self._wake()

    async def changed(self, seen: int) -> None:
        """Return when `changes` is no longer what it was."""
        if self.changes == seen:
            # One future for each waiter: cancelling a waiter would cancel a shared one.
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)

    def _wake(self) -> None:
        self.changes += 1
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class Hearing:
    """Keeps the one connection alive and hands what it says to tails and to `on_inbox`."""

    def __init__(
        self, dial: Callable[[], AbstractConnection], inbox: str, on_inbox: Callable[[bytes], None]
    ) -> None:
        self._dial = dial
        self._inbox = inbox
        self._on_inbox = on_inbox
        self._tails: dict[str, Tail] = {}
        self._spoken: set[str] = set()
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._listen())

    async def close(self) -> None:
        if self._task is not None:
            await cancelled(self._task)

    @contextmanager
    def tail(self, channel: str) -> Iterator[Tail]:
        """The thread's tail, heard as long as somebody is in the block."""
        tail = self._tails.get(channel)
        if tail is None:
            tail = self._tails[channel] = Tail()
            self._wanted.set()
        tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            if not tail.readers:
                del self._tails[channel]
                self._wanted.set()

    def speaks(self, channel: str) -> None:
        """From now on only this process writes the thread, and tells its tail itself."""
        self._spoken.add(channel)
        self._wanted.set()

    def is_silent(self, channel: str) -> None:
        """Others may write the thread again."""
        self._spoken.discard(channel)
        self._wanted.set()

    def told(
        self, channel: str, epoch: str, first: int, run_id: str, events: Sequence[Event]
    ) -> None:
        """What this process stored itself; its readers need not wait to hear of it."""
        tail = self._tails.get(channel)
        if tail is not None:
            tail.hear(epoch, first, run_id, events)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._connected() as connection, asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._subscribe(connection))
                    tasks.create_task(self._read(connection))
            except* (RedisError, OSError, TimeoutError, StoreUnavailable) as group:
                logger.warning("Redis: listening again: %s", group.exceptions[0])
            for tail in list(self._tails.values()):
                tail.forget()
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
        heard: set[str] = set()
        while True:
            self._wanted.clear()
            wanted = {self._inbox, *(self._tails.keys() - self._spoken)}
            for word, channels in (("SUBSCRIBE", wanted - heard), ("UNSUBSCRIBE", heard - wanted)):
                if channels:
                    await cancellable(connection.send_command(word, *channels))
            heard = wanted
            try:
                async with asyncio.timeout(PULSE):
                    await self._wanted.wait()
            except TimeoutError:
                await cancellable(connection.send_command("PING"))

    async def _read(self, connection: AbstractConnection) -> None:
        while True:
            reply = await cancellable(connection.read_response(timeout=3 * PULSE))
            if not isinstance(reply, list) or len(reply) != 3:
                continue  # PONG
            kind, channel, payload = reply
            name = channel.decode()
            if kind == b"message" and name == self._inbox:
                self._on_inbox(payload)
            elif (tail := self._tails.get(name)) is not None and kind != b"unsubscribe":
                _hear(tail, kind, payload)


def _hear(tail: Tail, kind: bytes, payload: Any) -> None:  # noqa: ANN401  # bytes or a number
    """News of the thread; also that it is gone, or that only from now on news is heard."""
    if kind != b"message" or not payload:
        tail.forget()
        return
    head, _, events = payload.partition(b"\n")
    epoch, first, run_id = head.decode().split(" ", 2)
    tail.hear(epoch, int(first), run_id, jsontext.loads(events))
