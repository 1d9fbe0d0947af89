"""A server and its workers as processes of their own, and what each of them took of a processor."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from bench.backing import Backing
from bench.rig import cpu_of
from tests.programs import discarded, serving, started


class Taken(NamedTuple):
    """Seconds on a processor."""

    server: float
    workers: float
    store: float

    def since(self, before: Taken) -> Taken:
        return Taken(*(now - then for now, then in zip(self, before, strict=True)))


@dataclass(frozen=True, slots=True)
class Programs:
    """A server at a port of this machine, and workers that look; by the numbers of processes."""

    port: int
    server: int
    workers: Sequence[int]
    store: Backing

    @property
    def taken(self) -> Taken:
        """By each of them so far."""
        return Taken(cpu_of(self.server), sum(map(cpu_of, self.workers)), self.store.cpu_seconds)


@asynccontextmanager
async def programs(
    store: Backing, count: int, *words: str, **settings: str
) -> AsyncIterator[Programs]:
    """A server that carries runs out itself, or one with so many workers, given these words."""
    env = {"AGUI_APP": "bench.workers_app:runtime", "AGUI_STORE": store.url, **settings}
    if count:
        env["AGUI_QUEUE"] = store.url
    async with AsyncExitStack() as stack:
        server, origin, _ = await stack.enter_async_context(serving(**env))
        stack.enter_context(discarded(server))
        workers = await stack.enter_async_context(working(count, *words, **env))
        yield Programs(
            int(origin.rpartition(":")[2]), server.pid, [each.pid for each in workers], store
        )


@asynccontextmanager
async def working(count: int, *words: str, **settings: str) -> AsyncIterator[Sequence[Process]]:
    """So many workers that look."""
    workers = await asyncio.gather(*(started("worker", *words, **settings) for _ in range(count)))
    try:
        for each in workers:
            assert each.stderr is not None
            while b"working on" not in (line := await each.stderr.readline()):
                assert line, "a worker has ended"
        with discarded(*workers):
            yield workers
    finally:
        for each in workers:
            each.kill()
            await each.communicate()
