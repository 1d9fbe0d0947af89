"""One connection for many: what is asked while a write is under way goes with the next.

It knows commands and replies, and neither keys nor patience.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias, TypeVar

from redis import exceptions
from redis.asyncio.connection import AbstractConnection

from agui_runtime.stores.redis.codec import Answer

Word: TypeAlias = str | bytes | float


class Packed(NamedTuple):
    """So many words that many commands have, as they are sent."""

    number: int
    text: bytes


Words: TypeAlias = Sequence[Word | Packed]
"""A command: its name and arguments."""

T = TypeVar("T")

MOST = 512
"""So many commands are under way at most; the others wait, in the order of asking."""

CANCELLED_AGAIN = 1.0
"""Seconds."""

BROKEN = (exceptions.RedisError, OSError)
"""What a connection raises that is of no use any longer; also when time is over."""

UNSENDABLE = (exceptions.DataError, UnicodeError)
"""What is wrong with one command, and no fault of the connection."""


class Pipe:
    """Carries commands out in the order of asking, those that have gathered in one write.

    When the connection breaks, whatever waits for a reply is given what broke it; what is asked
    next opens another. `timeout` is in seconds, for one exchange; `on_exchange` is called after
    each with how many commands went together.
    """

    def __init__(
        self,
        dial: Callable[[], AbstractConnection],
        timeout: float,
        on_exchange: Callable[[int], None] | None = None,
    ) -> None:
        self._dial = dial
        self._on_exchange = on_exchange
        self._timeout = timeout
        self._waiting: deque[tuple[Words, asyncio.Future[Answer]]] = deque()
        self._connection: AbstractConnection | None = None
        self._carrying: asyncio.Task[None] | None = None

    def ask(self, words: Words) -> asyncio.Future[Answer]:
        """The reply to come. Who cancels it before it is sent, takes the command back."""
        reply = asyncio.get_running_loop().create_future()
        self._waiting.append((words, reply))
        if self._carrying is None or self._carrying.done():
            self._carrying = asyncio.create_task(self._carry_out())
        return reply

    async def close(self) -> None:
        """Let go of the connection; what waits for a reply gets none."""
        if self._carrying is not None:
            await cancelled(self._carrying)
        await self._hang_up()

    async def _carry_out(self) -> None:
        batch: list[tuple[Words, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]
                await self._exchange([each for each in batch if not each[1].done()])
        except BROKEN as error:
            await self._hang_up()
            self._break(batch, error)
        finally:
            self._break(batch, exceptions.ConnectionError("the connection was given up"))

    def _break(
        self, batch: Sequence[tuple[Words, asyncio.Future[Answer]]], error: BaseException
    ) -> None:
        """Give the error to those who would wait for ever."""
        for _, reply in (*batch, *self._waiting):
            if not reply.done():
                reply.set_exception(error)
        self._waiting.clear()

    async def _exchange(self, batch: Sequence[tuple[Words, asyncio.Future[Answer]]]) -> None:
        async with asyncio.timeout(self._timeout):
            connection = await self._connected()
            sent, packed = [], list[bytes]()
            for words, reply in batch:
                try:
                    packed.append(_packed(words))
                except UNSENDABLE as error:
                    reply.set_exception(error)
                else:
                    sent.append(reply)
            await cancellable(connection.send_packed_command(b"".join(packed), check_health=False))
            for reply in sent:
                await _received(connection, reply)
            if self._on_exchange is not None:
                self._on_exchange(len(sent))

    async def _connected(self) -> AbstractConnection:
        if self._connection is None:
            connection = self._connection = self._dial()
            await cancellable(connection.connect())  # type: ignore[no-untyped-call]  # redis-py
        return self._connection

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.disconnect(nowait=True)


@lru_cache(maxsize=2048, typed=True)  # of the leases of a process
def packed(*words: Word) -> Packed:
    """The words for many commands: to pack them costs more than all else of a small write."""
    return Packed(len(words), b"".join(map(_sent, words)))


def _packed(words: Words) -> bytes:
    """The command as it is sent. redis-py's own packing costs several times as much."""
    count, parts = len(words), [b""]
    for word in words:
        if isinstance(word, Packed):
            count += word.number - 1
            parts.append(word.text)
        else:
            parts.append(_sent(word))
    parts[0] = b"*%d\r\n" % count
    return b"".join(parts)


def _sent(word: Word) -> bytes:
    text = word if isinstance(word, bytes) else _encoded(word)
    return b"$%d\r\n%b\r\n" % (len(text), text)


def _encoded(word: str | float) -> bytes:
    if isinstance(word, str):
        return word.encode()
    if isinstance(word, int | float):
        return repr(word).encode()
    raise exceptions.DataError(f"a {type(word).__name__} cannot be sent to Redis")


async def _received(connection: AbstractConnection, reply: asyncio.Future[Answer]) -> None:
    """The next reply, or the error that the server answers this command with."""
    try:
        found = await connection.read_response(timeout=math.inf)
    except exceptions.ResponseError as error:
        if not reply.done():
            reply.set_exception(error)
    else:
        if not reply.done():
            reply.set_result(found)


async def cancelled(task: asyncio.Task[None]) -> None:
    """Cancel the task until it has ended; redis-py may forget a first request to do so. A second
    one keeps what ends in order from giving its connection back, and comes late for that.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=CANCELLED_AGAIN)


async def cancellable(reply: Awaitable[T]) -> T:
    """The reply; raises CancelledError if its waiter was cancelled, and redis-py's errors.

    redis-py waits with `asyncio.wait_for`, which before Python 3.12 forgets a cancellation that
    comes in the same moment as the reply.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        found = await reply
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        # What uvloop says of a write to a connection that was just reset; redis-py passes it on.
        raise exceptions.ConnectionError(str(error)) from error
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
    return found
