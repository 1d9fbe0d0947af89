"""One Redis and one PostgreSQL for all tests of the stores; each begins with an empty store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.postgres import PostgresStore
from tests.stores.clocks import busy_renewals as busy_renewals, clocks as clocks
from tests.stores.databases import (
    WHOLE,
    AnyStore,
    Database,
    Place,
    PostgresDatabase,
    Processes,
    RedisPlace,
    SqliteDatabase,
    SqlProcesses,
)
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """Started by the first test that asks it for a database."""
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture(params=["memory", "redis", "sqlite", "postgres"])
async def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    """Every kind of store, empty, with its usual limits and the world's time."""
    stores: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "redis": lambda: RedisStore(request.getfixturevalue("redis").url, prefix=uuid4().hex),
        "sqlite": lambda: SqliteStore(f"sqlite:///{tmp_path}/threads.db", WHOLE),
        "postgres": lambda: PostgresStore(request.getfixturevalue("postgres").database(), WHOLE),
    }
    store = stores[request.param]()
    await store.open()
    yield store
    await store.close()


@pytest.fixture(params=["redis", "sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place[AnyStore]:
    """Every kind of store that several processes may have, empty."""
    places: dict[str, Callable[[], Place[AnyStore]]] = {
        "redis": lambda: RedisPlace(request.getfixturevalue("redis")),
        "sqlite": lambda: SqliteDatabase(tmp_path),
        "postgres": lambda: PostgresDatabase(request.getfixturevalue("postgres").database()),
    }
    return places[request.param]()


@pytest.fixture
async def made(place: Place[AnyStore]) -> AsyncIterator[Processes[AnyStore]]:
    async with AsyncExitStack() as stack:
        yield Processes(stack, place)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Both kinds of SQL store, empty."""
    if request.param == "postgres":
        return PostgresDatabase(request.getfixturevalue("postgres").database())
    return SqliteDatabase(tmp_path)


@pytest.fixture
async def tables(database: Database) -> AsyncIterator[SqlProcesses]:
    async with AsyncExitStack() as stack:
        yield SqlProcesses(stack, database)
