"""Who takes bells from a broker of Taskiq, and has a worker look.

Messages are taken by `AsyncBroker.listen` itself: Taskiq's receiver begins anew without a pause,
and with a traceback, for as long as a server is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from taskiq import AsyncBroker
from taskiq.acks import AckableMessage
from taskiq.utils import maybe_awaitable

from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.stores.redis.pipe import cancelled
from agui_runtime.stores.shared.outage import Outage

logger = lasting_logger_of(__name__)

PATIENCE = 3.0
"""Seconds for connecting, and for letting go."""

RETRY_AFTER = 0.5


class Turns:
    """Bells of several listeners, and one who looks at a time."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._free = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()
        self._free.clear()

    async def next(self) -> None:
        """Until it rings."""
        await self._rung.wait()
        self._rung.clear()

    def done(self) -> None:
        """The look is over."""
        if not self._rung.is_set():
            self._free.set()

    async def free(self) -> None:
        """Until no look is due or under way: a bell that is taken before would be kept from other
        workers.
        """
        await self._free.wait()


class Listener:
    """Listens until it is closed, over brokers that `make` makes, one after the other."""

    def __init__(self, where: str, make: Callable[[], Awaitable[AsyncBroker]]) -> None:
        self._where = where
        self._make = make
        self._broker: AsyncBroker | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, turns: Turns) -> None:
        self._task = asyncio.create_task(self._listen_always(turns))

    async def close(self) -> None:
        if self._task is not None:
            await cancelled(self._task)
        await self._let_go()  # not in that task: what is cancelled twice does not end in order

    async def _listen_always(self, turns: Turns) -> None:
        outage = Outage(logger)
        while True:
            try:
                await self._listen(turns)
            except Exception as error:  # noqa: BLE001  # a foreign SDK: any broker's
                outage.warn(f"{self._where}: listening again for bells", error)
            await self._let_go()
            await asyncio.sleep(RETRY_AFTER)

    async def _listen(self, turns: Turns) -> None:
        """Until the broker fails."""
        async with asyncio.timeout(PATIENCE):
            broker = self._broker = await self._make()
            broker.is_worker_process = True
            await broker.startup()
        async with aclosing(broker.listen()) as messages:
            turns.ring()  # for bells that nobody heard
            async for message in messages:
                if isinstance(message, AckableMessage):
                    await maybe_awaitable(message.ack())
                turns.ring()
                await turns.free()

    async def _let_go(self) -> None:
        if self._broker is not None:
            await shut_down(self._broker)
            self._broker = None


async def shut_down(broker: AsyncBroker) -> None:
    """Also of one whose server is away."""
    try:
        async with asyncio.timeout(PATIENCE):
            await broker.shutdown()
    except Exception as error:  # noqa: BLE001  # a foreign SDK: any broker's
        logger.debug("a broker of Taskiq could not be shut down: %s", error)
