"""`agui-runtime db ...` as whoever runs a store meets it: a process, its output, its exit code."""

from __future__ import annotations

import json
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.postgres import PostgresStore
from agui_runtime.stores.sql.schema import SCHEMA
from tests.programs import finished, serving
from tests.stores.backups import goes_on_without
from tests.stores.databases import PostgresDatabase, SqliteDatabase
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_contract import a_run, claimed, delta, finish, read, whole_run
from tests.wires.agui.serving import events, run_body, text


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


@pytest.fixture
async def database(tmp_path: Path) -> SqliteDatabase:
    """A file with a thread of one run."""
    made = SqliteDatabase(tmp_path)
    store = made.store()
    await store.open()
    await whole_run(store, a_run())
    await store.close()
    return made


async def test_status_says_where_and_how_much_there_is(database: SqliteDatabase) -> None:
    code, out, _ = await finished("db", "status", AGUI_STORE=database.url)
    assert code == 0
    assert out.splitlines() == [
        str(database.path),
        f"schema {SCHEMA} of {SCHEMA}",
        *("threads 1", "runs 1", "events 4"),
        f"bytes {out.split('bytes ')[1].split()[0]}",
        "states 0",
    ]
    code, out, _ = await finished("db", "status", "--json", AGUI_STORE=database.url)
    found = json.loads(out)
    counts = found.pop("counts")
    assert (code, found) == (0, {"where": str(database.path), "schema": SCHEMA, "wanted": SCHEMA})
    assert (counts.pop("bytes") > 0, counts) == (
        True,
        {"threads": 1, "runs": 1, "events": 4, "states": 0},
    )


async def test_status_of_an_older_schema_counts_nothing(database: SqliteDatabase) -> None:
    assert (await finished("db", "downgrade", "2", AGUI_STORE=database.url))[0] == 0
    code, out, _ = await finished("db", "status", "--json", AGUI_STORE=database.url)
    where = str(database.path)
    expected = {"where": where, "schema": 2, "wanted": SCHEMA, "counts": {}}
    assert (code, json.loads(out)) == (0, expected)
    code, out, _ = await finished("db", "status", AGUI_STORE=database.url)
    assert out.splitlines() == [where, f"schema 2 of {SCHEMA}", "run `agui-runtime db upgrade`"]


async def test_a_copy_is_made_while_the_file_is_used(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    store = database.store()
    await store.open()
    lease = await claimed(store, a_run(thread="live"))
    copy = tmp_path / "copy.db"
    with store.log.keep(lease, lambda: None):
        code, out, _ = await finished("db", "backup", str(copy), AGUI_STORE=database.url)
        await finish(store, lease)
    assert (code, out) == (0, f"copied to {copy}\n")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    await store.close()
    copied = SqliteStore(f"sqlite:///{copy}")
    await copied.open()
    assert len(await read(copied, 4)) == 4
    await copied.close()
    code, _, err = await finished("db", "backup", str(copy), AGUI_STORE=database.url)
    assert (code, "is there already" in err) == (2, True)


async def test_after_an_older_copy_was_put_back_no_old_cursor_is_taken(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    shutil.copy(database.path, tmp_path / "older.db")
    store = database.store()
    await store.open()
    later = await whole_run(store, a_run(run="r2"))
    await store.close()
    shutil.move(tmp_path / "older.db", database.path)
    code, out, _ = await finished("db", "restored", AGUI_STORE=database.url)
    assert (code, out.split()[0]) == (0, "1")
    await store.open()
    await whole_run(store, a_run(run="r3"))
    with pytest.raises(Gone):
        await read(store, 1, later.start)
    await store.close()


async def test_a_copy_that_is_put_back_says_itself_that_it_is_one(
    database: SqliteDatabase, tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    await finished("db", "backup", str(copy), AGUI_STORE=database.url)
    store = database.store()
    await store.open()
    later = await whole_run(store, a_run(run="r2"))
    await store.close()
    shutil.move(copy, database.path)
    await store.open()
    await goes_on_without(store, later)
    await store.close()


async def test_what_is_derived_from_logs_is_made_anew(database: SqliteDatabase) -> None:
    store = database.store()
    await store.open()
    lease = await claimed(store, a_run(run="r2"))
    start = {"type": "TEXT_MESSAGE_START", "messageId": "m7", "role": "assistant"}
    await store.log.append(lease, [start])
    await finish(store, lease)
    await store.close()
    sizes = "select size from agui_thread union all select bytes from agui_run"
    before = await database.execute(sizes)
    await database.execute("delete from agui_message")
    await database.execute("update agui_thread set size = 7")
    await database.execute("update agui_run set bytes = 7")
    code, out, _ = await finished("db", "rebuild", AGUI_STORE=database.url)
    assert (code, out) == (0, "1 threads went through\n")
    assert await database.execute(sizes) == before
    assert await database.execute("select id from agui_message where id = 'm7'") == [("m7",)]


async def test_a_file_gets_smaller_by_what_was_deleted(database: SqliteDatabase) -> None:
    store = database.store()
    await store.open()
    lease = await claimed(store, a_run(thread="long"))
    await store.log.append(lease, [delta(1, "x" * 1_000_000)])
    await finish(store, lease)
    await store.threads.delete("long")
    await store.close()
    before = database.path.stat().st_size
    code, out, _ = await finished("db", "rebuild", AGUI_STORE=database.url)
    freed = before - database.path.stat().st_size
    assert (code, out) == (0, f"1 threads went through; {freed} bytes were given back\n")
    assert freed > 900_000


async def test_tables_are_taken_away_and_made_again(database: SqliteDatabase) -> None:
    code, out, _ = await finished("db", "downgrade", "base", AGUI_STORE=database.url)
    assert (code, out.startswith("schema 0; before it the file was copied to ")) == (0, True)
    code, out, _ = await finished("db", "status", AGUI_STORE=database.url)
    assert out.splitlines()[1:] == [f"schema 0 of {SCHEMA}", "run `agui-runtime db upgrade`"]
    code, out, _ = await finished("db", "upgrade", AGUI_STORE=database.url)
    assert code == 0
    assert out.startswith(f"schema {SCHEMA}; before it the file was copied to ")
    code, out, _ = await finished("db", "upgrade", AGUI_STORE=database.url)
    assert (code, out) == (0, f"schema {SCHEMA}: nothing to do\n")


@pytest.mark.parametrize(
    ("words", "settings", "says"),
    [
        (("status",), {"AGUI_STORE": "memory:"}, "only SQL stores have tables"),
        (("status",), {"AGUI_DATA": "/nowhere"}, "there are no threads at /nowhere/threads.db"),
        (("downgrade", "77"), {}, f"a revision is a number from 1 to {SCHEMA}, base, or -1"),
        (("backup", "/nowhere/copy"), {}, "/nowhere/copy cannot be written"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    database: SqliteDatabase, words: tuple[str, ...], settings: dict[str, str], says: str
) -> None:
    code, out, err = await finished("db", *words, **(settings or {"AGUI_STORE": database.url}))
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


async def test_serve_refuses_a_postgres_without_tables_until_it_is_upgraded(
    postgres: PostgresServer,
) -> None:
    postgres.database()
    url = postgres.make("served")
    code, _, err = await finished("serve", "--port", "0", AGUI_STORE=url)
    assert (code, len(err.splitlines())) == (2, 1)
    assert "run `agui-runtime db upgrade`" in err
    code, out, _ = await finished("db", "upgrade", AGUI_STORE=url)
    assert (code, out) == (0, f"schema {SCHEMA}\n")
    async with (
        serving(AGUI_STORE=url) as (_, origin, said),
        httpx.AsyncClient(base_url=f"{origin}/copilotkit") as client,
    ):
        assert f"threads      postgresql://127.0.0.1:{postgres.port}/served" in said
        ran = await client.post("/agent/default/run", json=run_body("hello", thread="t1"))
        shown = await client.post("/agent/default/connect", json=run_body(thread="t1"))
    assert text(events(shown.text)) == text(events(ran.text))
    code, out, _ = await finished("db", "status", AGUI_STORE=url)
    assert "threads 1" in out


async def test_serve_upgrades_a_postgres_where_a_setting_says_so(postgres: PostgresServer) -> None:
    postgres.database()
    url = postgres.make("upgraded")
    async with (
        serving(AGUI_STORE=url, AGUI_DB_UPGRADE="1") as (_, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert (await client.get("/readyz")).json() == {"status": "ready"}


async def test_a_postgres_that_is_away_is_one_line_and_exit_code_2() -> None:
    url = "postgresql://ann:s3cret@127.0.0.1:9/d"
    code, out, err = await finished("serve", "--port", "0", AGUI_STORE=url)
    assert (code, out) == (2, "")
    where = "postgresql://127.0.0.1:9/d"
    assert err == (
        f"agui-runtime: {where}: the store cannot be reached; start it, or correct its URL\n"
    )
    assert "s3cret" not in err


async def test_restored_works_for_postgres(postgres: PostgresServer) -> None:
    database = PostgresDatabase(postgres.database())
    store = PostgresStore(database.url)
    await store.open()
    lease = await whole_run(store, a_run())
    code, _, _ = await finished("db", "restored", AGUI_STORE=database.url)
    assert code == 0
    with pytest.raises(Gone):
        await read(store, 1, lease.start)
    await store.close()
    code, _, err = await finished("db", "backup", "x", AGUI_STORE=database.url)
    assert (code, "pg_dump" in err) == (2, True)
