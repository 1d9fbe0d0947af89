"""A store that an earlier release made is brought to this release's schema with all that it holds,
goes one schema down and up again, and is what this release would have made.
"""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.stores.sql import SqliteStore, migrations
from agui_runtime.stores.sql.postgres import PostgresStore, schema
from agui_runtime.stores.sql.postgres.address import address_of
from agui_runtime.stores.sql.schema import SCHEMA
from agui_runtime.stores.sql.store import SqlStore
from tests.stores.databases import WHOLE
from tests.stores.differences import differences, differences_at
from tests.stores.postgres_server import PostgresServer
from tests.stores.snapshot import SCHEDULED, SNAPSHOTS, check

NUMBERS = range(1, SCHEMA + 1)


@pytest.fixture(params=NUMBERS)
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def file(tmp_path: Path, number: int) -> Path:
    path = tmp_path / "threads.db"
    path.write_bytes(gzip.decompress((SNAPSHOTS / f"{number:04}.db.gz").read_bytes()))
    return path


async def checked(store: SqlStore, *, scheduled: bool) -> None:
    await store.open()
    try:
        await check(store, scheduled=scheduled)
    finally:
        await store.close()


def test_there_is_a_snapshot_of_every_schema_in_both_dialects() -> None:
    names = sorted(each.name for each in SNAPSHOTS.iterdir())
    assert names == sorted(f"{n:04}.{kind}" for n in NUMBERS for kind in ("db.gz", "sql"))


async def test_a_file_of_every_schema_has_its_threads(file: Path, number: int) -> None:
    await checked(SqliteStore(f"sqlite:///{file}", WHOLE), scheduled=number >= SCHEDULED)
    with migrations.file_connection(file) as connection:
        assert differences(connection) == []
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    assert file.with_name(f"threads.db-schema-{number:04}").exists() is (number < SCHEMA)


async def test_a_file_that_went_one_schema_down_and_up_again_has_its_threads(
    file: Path, number: int
) -> None:
    migrations.upgrade_file(file)
    migrations.downgrade_file(file)
    await checked(SqliteStore(f"sqlite:///{file}", WHOLE), scheduled=number >= SCHEDULED)


@pytest.fixture
def url(postgres: PostgresServer, number: int) -> str:
    postgres.database()
    url = postgres.make(f"snapshot{number}")
    postgres.put_back(SNAPSHOTS / f"{number:04}.sql", f"snapshot{number}")
    return url


async def test_a_database_of_every_schema_has_its_threads(url: str, number: int) -> None:
    store, address = PostgresStore(url, WHOLE), address_of(url)
    if number < SCHEMA:
        with pytest.raises(Misconfigured, match=f"schema {number} of {SCHEMA}"):
            await store.open()
    await schema.upgrade(address)
    assert await differences_at(url) == []
    await schema.downgrade(address)
    await schema.upgrade(address)
    await checked(store, scheduled=number >= SCHEDULED)
