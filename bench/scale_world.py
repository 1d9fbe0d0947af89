"""Two servers and a worker over a store, and what each of them takes: of a processor, of memory, of
the store. One of the servers gets the requests; the other one looks on, or serves more readers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic

import asyncpg
from redis import Redis

from bench.backing import Backing
from bench.rig import cpu_of
from bench.worker_programs import working
from tests.programs import discarded, serving

SLOTS = 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """What clocks and counters showed at one moment. CPU is in seconds, memory in kB; `commands`
    are Redis commands or PostgreSQL transactions, `sent` is what Redis has sent, in bytes.
    """

    at: float
    web: float
    other: float
    worker: float
    store: float
    web_memory: float
    worker_memory: float
    commands: float
    sent: float
    size: float

    def since(self, before: Reading) -> Reading:
        names = [each.name for each in fields(self)]
        return Reading(**{name: getattr(self, name) - getattr(before, name) for name in names})


@dataclass(frozen=True, slots=True)
class World:
    """`port` is that of the server with the requests, `other_port` that of the other one."""

    store: Backing
    port: int
    other_port: int
    web: int
    other: int
    worker: int

    async def read(self) -> Reading:
        counted = await _counters(self.store)
        return Reading(
            at=monotonic(),
            web=cpu_of(self.web),
            other=cpu_of(self.other),
            worker=cpu_of(self.worker),
            store=self.store.cpu_seconds,
            web_memory=_resident(self.web),
            worker_memory=_resident(self.worker),
            commands=counted["commands"],
            sent=counted["sent"],
            size=counted["size"],
        )

    async def connections(self) -> float:
        """Those of a process to the store."""
        return (await _counters(self.store))["connections"] / 3


@asynccontextmanager
async def world(store: Backing) -> AsyncIterator[World]:
    env = {"AGUI_APP": "bench.scale_app:runtime", "BENCH_STORE": store.url, "AGUI_QUEUE": store.url}
    env["AGUI_STORE"] = ""
    async with AsyncExitStack() as stack:
        served = [await stack.enter_async_context(serving(**env)) for _ in range(2)]
        stack.enter_context(discarded(*(server for server, _, _ in served)))
        [worker] = await stack.enter_async_context(working(1, "--slots", str(SLOTS), **env))
        await asyncio.sleep(1)
        (web, origin, _), (other, other_origin, _) = served
        ports = [int(each.rpartition(":")[2]) for each in (origin, other_origin)]
        yield World(store, ports[0], ports[1], web.pid, other.pid, worker.pid)


def _resident(process: int) -> float:
    status = Path(f"/proc/{process}/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0])


async def _counters(store: Backing) -> Mapping[str, float]:
    return _of_redis(store) if store.name == "redis" else await _of_postgres(store)


def _of_redis(store: Backing) -> Mapping[str, float]:
    with Redis.from_url(store.url) as client:
        known = client.info()
        return {
            "commands": known["total_commands_processed"],
            "sent": known["total_net_output_bytes"],
            "size": known["used_memory_dataset"],
            "connections": known["connected_clients"] - 1,
        }


async def _of_postgres(store: Backing) -> Mapping[str, float]:
    connection = await asyncpg.connect(store.url)
    try:
        row = await connection.fetchrow(
            "select xact_commit as commands, numbackends - 1 as connections,"
            " pg_database_size(datname) as size from pg_stat_database"
            " where datname = current_database()"
        )
        assert row is not None
        return {**{name: float(value) for name, value in row.items()}, "sent": 0.0}
    finally:
        await connection.close()


async def size_of(store: Backing) -> float:
    """Bytes that it keeps, after what is free was given back."""
    if store.name == "postgres":
        connection = await asyncpg.connect(store.url)
        try:
            await connection.execute("vacuum full")
        finally:
            await connection.close()
    return (await _counters(store))["size"]
