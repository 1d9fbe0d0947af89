"""`agui-runtime state ...` as its user meets it: a process, a Redis, its output, its exit code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from agui_runtime.stores.base import AgentState
from agui_runtime.stores.redis import RedisStore
from tests.programs import finished
from tests.stores.servers import RedisServer


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    server.start()
    yield server
    server.kill()


async def keep(redis: RedisServer, thread: str, state: object, owner: str = "ann") -> None:
    store = RedisStore(redis.url)
    await store.open()
    await store.threads.obtain(thread, owner, "default")
    await store.states.save(thread, "trip", AgentState(state))
    await store.close()


async def test_states_are_listed_shown_and_compared(redis: RedisServer) -> None:
    await keep(redis, "t1", {"city": "Rome"})
    await keep(redis, "t2", {"city": "Bonn"}, owner="bob")
    code, out, err = await finished("state", "list", AGUI_STORE=redis.url)
    assert (code, err) == (0, "")
    header, *lines = [line.split("\t") for line in out.splitlines()]
    assert header == ["thread", "agent", "owner", "version", "schema", "bytes", "saved"]
    assert sorted(line[:5] for line in lines) == [
        ["t1", "trip", "ann", "1", "1"],
        ["t2", "trip", "bob", "1", "1"],
    ]
    _, out, _ = await finished("state", "list", "--owner", "bob", AGUI_STORE=redis.url)
    assert [line.split("\t")[0] for line in out.splitlines()] == ["thread", "t2"]
    _, out, _ = await finished("state", "show", "t1", "--agent", "trip", AGUI_STORE=redis.url)
    assert orjson.loads(out)["state"] == {"city": "Rome"}
    _, out, _ = await finished("state", "diff", "t1", "t2", "--agent", "trip", AGUI_STORE=redis.url)
    assert orjson.loads(out) == {"op": "replace", "path": "/state/city", "value": "Bonn"}


async def test_what_was_exported_is_imported_into_another_store(
    redis: RedisServer, tmp_path: Path
) -> None:
    await keep(redis, "t1", {"city": "Rome"})
    await keep(redis, "t2", {"city": "Bonn"})
    backup = str(tmp_path / "states.jsonl")
    code, out, err = await finished("state", "export", backup, AGUI_STORE=redis.url)
    assert (code, out, err) == (0, "", "2 states exported\n")
    other = redis.url[:-1] + "1"
    code, _, err = await finished("state", "import", backup, AGUI_STORE=other)
    assert (code, err) == (0, "2 states imported, 0 not\n")
    code, _, err = await finished("state", "import", backup, AGUI_STORE=other)
    assert code == 1
    assert "line 1: the state has moved on to version 1" in err
    assert err.endswith("0 states imported, 2 not\n")
    code, _, _ = await finished("state", "import", backup, "--overwrite", AGUI_STORE=other)
    assert code == 0
    _, out, err = await finished("state", "export", "--thread", "t2", AGUI_STORE=other)
    assert orjson.loads(out)["state"] == {"city": "Bonn"}
    assert err == "1 states exported\n"


async def test_states_are_swept_deleted_and_counted(redis: RedisServer) -> None:
    for thread in ("t1", "t2", "t3"):
        await keep(redis, thread, {})
    redis.command("DEL", "agui:{t1}:meta")
    code, out, _ = await finished("state", "sweep", AGUI_STORE=redis.url)
    assert (code, out) == (0, "t1\ttrip\n")
    code, _, _ = await finished("state", "delete", "t2", AGUI_STORE=redis.url)
    assert code == 0
    code, out, _ = await finished("state", "stats", AGUI_STORE=redis.url)
    told = orjson.loads(out)
    assert (code, told["states"], told["health"]["ok"]) == (0, 1, True)


async def test_the_schemas_of_the_app_count(redis: RedisServer) -> None:
    await keep(redis, "t1", {"town": "Rome"})
    settings = {"AGUI_STORE": redis.url, "AGUI_APP": "tests.stores.state_app:runtime"}
    _, out, _ = await finished("state", "show", "t1", "--agent", "trip", **settings)
    assert orjson.loads(out)["state"] == {"city": "Rome"}


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("show", "t1"), "agent 'default' has no state in thread 't1'"),
        (("import", "/nowhere/at/all"), "/nowhere/at/all: No such file or directory"),
    ],
)
async def test_what_cannot_be_done_is_one_line_and_exit_code_2(
    redis: RedisServer, words: tuple[str, ...], problem: str
) -> None:
    code, out, err = await finished("state", *words, AGUI_STORE=redis.url)
    assert (code, out, err) == (2, "", f"agui-runtime: {problem}\n")


@pytest.mark.parametrize("app", [{}, {"AGUI_APP": "bench.app:runtime"}])
async def test_a_store_in_the_memory_of_another_process_cannot_be_looked_at(
    app: dict[str, str],
) -> None:
    code, _, err = await finished("state", "list", **app)
    assert code == 2
    assert "set AGUI_STORE" in err
