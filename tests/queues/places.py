"""Where queues are for a test: in this process, in a Redis or in a PostgreSQL of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Protocol

from agui_runtime.queues.base import RunQueue
from agui_runtime.queues.here import HereQueue
from agui_runtime.queues.open import open_queue
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer


class Place(Protocol):
    """Of one kind of queue."""

    looks_first: bool
    """Whether a worker looks when it begins, for bells that nobody could hear."""

    def queue(self, prefix: str = "agui") -> RunQueue:
        """As a process of its own has it, for all of them the same bells."""

    def connections(self) -> int:
        """How many there are to the server."""


class Server(Protocol):
    """What can be done to a server of either kind."""

    def start(self) -> None: ...
    def kill(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...


class FarPlace(Place):
    """With a server that may be away."""

    def __init__(self, server: Server) -> None:
        self._server = server

    @contextmanager
    def away(self) -> Iterator[None]:
        """The server dies for the block, and all bells with it."""
        self._server.kill()
        try:
            yield
        finally:
            self._server.start()

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self._server.pause()
        try:
            yield
        finally:
            self._server.resume()


class Here:
    looks_first = False

    def __init__(self) -> None:
        self._queue = HereQueue()

    def queue(self, prefix: str = "agui") -> RunQueue:
        return self._queue

    def connections(self) -> int:
        return 0


class InRedis(FarPlace):
    looks_first = True

    def __init__(self, server: RedisServer) -> None:
        super().__init__(server)
        self.server = server

    def queue(self, prefix: str = "agui") -> RunQueue:
        return open_queue(f"{self.server.url}?prefix={prefix}")

    def connections(self) -> int:
        return len(self.server.command("CLIENT", "LIST").strip().splitlines())


class InPostgres(FarPlace):
    looks_first = True

    def __init__(self, server: PostgresServer) -> None:
        super().__init__(server)
        self.server = server
        self.url = server.database()

    def queue(self, prefix: str = "agui") -> RunQueue:
        return open_queue(f"{self.url}?prefix={prefix}")

    def connections(self) -> int:
        return int(
            self.server.value("select count(*) from pg_stat_activity where usename = 'agui'")
        )


class Worker:
    """Serves queues, and counts how often it looks. Looks wait while there is no `hand`."""

    def __init__(self) -> None:
        self.looks = 0
        self.hand = asyncio.Event()
        self.hand.set()
        self._inside = 0
        self._changed = asyncio.Event()

    async def look(self) -> None:
        self._inside += 1
        assert self._inside == 1, "it was called again before it returned"
        self.looks += 1
        self._changed.set()
        await self.hand.wait()
        self._inside -= 1

    async def looked(self, times: int) -> None:
        """Until it has, so many times in all."""
        while self.looks < times:
            self._changed.clear()
            await self._changed.wait()


@asynccontextmanager
async def working(place: Place, queue: RunQueue, names: Sequence[str]) -> AsyncIterator[Worker]:
    """A worker that serves these queues for the block, and hears bells from its beginning."""
    worker = Worker()
    task = asyncio.create_task(queue.serve(names, worker.look))
    try:
        await until_it_hears(place, worker)
        yield worker
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


async def until_it_hears(place: Place, worker: Worker) -> None:
    if place.looks_first:
        await worker.looked(1)
    else:
        await asyncio.sleep(0)  # its task has begun
