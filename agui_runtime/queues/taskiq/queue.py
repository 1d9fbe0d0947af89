"""Bells as messages of Taskiq, with one broker for each queue that is rung or served."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TypeAlias
from uuid import uuid4

from taskiq import AsyncBroker, BrokerMessage, TaskiqMessage

from agui_runtime.core.queueing import DEFAULT_QUEUE
from agui_runtime.queues.base import Look, QueueUnavailable
from agui_runtime.queues.taskiq.listener import PATIENCE, Listener, Turns, shut_down
from agui_runtime.queues.taskiq.redis import REFUSALS, RedisBrokers
from agui_runtime.stores.redis.pipe import cancellable

BrokerOf: TypeAlias = Callable[[str], AsyncBroker]
"""Makes the broker of a queue, by its name; it is called again when a broker has failed."""

Make: TypeAlias = Callable[[str], Awaitable[AsyncBroker]]

TASK = "agui_runtime:look"
"""What a bell is called where somebody looks at a broker's messages."""


class TaskiqQueue:
    """A `RunQueue` over the Redis that a URL names, or over the brokers that a function makes.

    Installations with the same Redis hear each other unless their `prefix` differs; the names of
    other brokers' queues are up to the function. Raises Misconfigured for a URL that cannot be
    meant.
    """

    def __init__(self, brokers: str | BrokerOf, prefix: str = "agui") -> None:
        if isinstance(brokers, str):
            of_redis = RedisBrokers(brokers, prefix)
            self._make: Make = of_redis.broker
            self._where = of_redis.where
        else:
            self._make, self._where = _later(brokers), "a broker of Taskiq"
        self._ringers: dict[str, AsyncBroker] = {}
        self._starting = asyncio.Lock()

    @property
    def where(self) -> str:
        return self._where

    async def open(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await self._ringer(DEFAULT_QUEUE)
        except Exception as error:  # a foreign SDK: any broker's
            raise _unavailable(error) from error

    async def ring(self, queue: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                broker = await self._ringer(queue)
                await cancellable(broker.kick(_bell(broker)))
        except Exception as error:  # a foreign SDK: any broker's
            await self._forget(queue)
            raise _unavailable(error) from error

    async def serve(self, queues: Sequence[str], look: Look) -> None:
        turns = Turns()
        async with AsyncExitStack() as stack:
            for queue in queues:
                listener = Listener(self._where, partial(self._make, queue))
                stack.push_async_callback(listener.close)
                listener.start(turns)
            while True:
                await turns.next()
                await look()
                turns.done()

    async def close(self) -> None:
        for queue in list(self._ringers):
            await self._forget(queue)

    async def _ringer(self, queue: str) -> AsyncBroker:
        async with self._starting:
            if queue not in self._ringers:
                async with AsyncExitStack() as unless_started:
                    broker = await self._make(queue)
                    unless_started.push_async_callback(shut_down, broker)
                    await broker.startup()
                    unless_started.pop_all()
                self._ringers[queue] = broker
            return self._ringers[queue]

    async def _forget(self, queue: str) -> None:
        broker = self._ringers.pop(queue, None)
        if broker is not None:
            await shut_down(broker)


def _later(made: BrokerOf) -> Make:
    async def make(queue: str) -> AsyncBroker:
        return made(queue)

    return make


def _bell(broker: AsyncBroker) -> BrokerMessage:
    message = TaskiqMessage(task_id=uuid4().hex, task_name=TASK, labels={}, args=[], kwargs={})
    return broker.formatter.dumps(message)


def _unavailable(error: Exception) -> QueueUnavailable:
    if isinstance(error, REFUSALS):
        return QueueUnavailable(
            "the queue refuses the user or password of its URL, or their rights"
        )
    return QueueUnavailable("the queue cannot be reached; try again later")
