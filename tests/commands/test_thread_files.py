"""Where `serve` keeps threads for whoever names no store, as a user meets it."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from agui_runtime.commands.hosting import hosted
from agui_runtime.settings import Settings
from agui_runtime.stores.sql import SqliteStore
from tests.programs import finished, serving
from tests.wires.agui.serving import events, run_body, text

RUN = "/copilotkit/agent/default/run"


def stored_at(environ: Mapping[str, str]) -> list[str]:
    stores = [runtime.store for runtime in hosted(Settings.read(environ)).runtimes]
    return [str(store.path) for store in stores if isinstance(store, SqliteStore)]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_a_restart_forgets_nothing(tmp_path: Path, stop: signal.Signals) -> None:
    data = str(tmp_path / "data")
    async with (
        serving(AGUI_DATA=data) as (process, origin, said),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        assert f"threads      {data}/threads.db" in said
        first = await client.post(RUN, json=run_body("hello", thread="t1"))
        process.send_signal(stop)
        await process.communicate()
    async with (
        serving(AGUI_DATA=data) as (_, origin, _),
        httpx.AsyncClient(base_url=f"{origin}/copilotkit") as client,
    ):
        listed = (await client.get("/threads")).json()["threads"]
        messages = (await client.get("/threads/t1/messages")).json()["messages"]
        again = await client.post("/agent/default/connect", json=run_body(thread="t1"))
    assert [thread["id"] for thread in listed] == ["t1"]
    assert [message["role"] for message in messages][:2] == ["user", "assistant"]
    assert text(events(again.text)) == text(events(first.text))


async def test_the_file_and_its_folder_are_for_their_owner_alone(tmp_path: Path) -> None:
    async with serving(AGUI_DATA=str(tmp_path / "data")):
        pass
    folder = tmp_path / "data"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "threads.db").stat().st_mode) == 0o600


async def test_two_servers_over_one_file_show_the_same_threads(tmp_path: Path) -> None:
    data = str(tmp_path / "threads.db")
    async with (
        serving(AGUI_DATA=data) as (_, origin, _),
        serving(AGUI_DATA=data) as (_, other, _),
        httpx.AsyncClient() as client,
    ):
        said = await client.post(f"{origin}{RUN}", json=run_body("hello", thread="t1"))
        url = f"{other}/copilotkit/agent/default/connect"
        shown = await client.post(url, json=run_body(thread="t1"))
    assert text(events(shown.text)) == text(events(said.text))


async def test_threads_in_memory_are_announced_as_such() -> None:
    async with serving(AGUI_STORE="memory:") as (_, _, said):
        assert "threads      in memory, until this process ends" in said


def test_the_file_is_in_the_current_folder_unless_a_setting_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert stored_at({}) == [f"{tmp_path}/.agui-runtime/threads.db"]
    assert stored_at({"AGUI_DATA": "my data"}) == [f"{tmp_path}/my data/threads.db"]
    assert stored_at({"AGUI_DATA": "/x/y.sqlite3"}) == ["/x/y.sqlite3"]
    assert stored_at({"AGUI_STORE": "sqlite:///z.db"}) == [f"{tmp_path}/z.db"]
    assert os.listdir(tmp_path) == []


def test_runtimes_side_by_side_have_files_of_their_own() -> None:
    paths = stored_at({"AGUI_APP": "tests.fakes.hosted:mounts", "AGUI_DATA": "/x"})
    assert paths == ["/x/threads-support-chat.db", "/x/threads-sales-inner-copilotkit.db"]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"AGUI_STORE": "sqlite:///nowhere/a.db"}, "there is no folder"),
        ({"AGUI_STORE": "sqlite://"}, "a SQLite URL names a file"),
        ({"AGUI_STORE": "mysql://u:secret@h/d"}, "one of memory:, sqlite://"),
        ({"AGUI_DATA": "/proc/nowhere"}, "set AGUI_DATA to a folder that can be written"),
        ({"AGUI_DATA": "README.md/data"}, "threads cannot be stored in"),
        ({"AGUI_STORE": "memory:", "AGUI_DATA": "x"}, "leave out one"),
    ],
)
async def test_what_cannot_be_used_is_one_line_and_exit_code_2(
    settings: dict[str, str], says: str
) -> None:
    code, out, err = await finished("serve", "--port", "0", **settings)
    assert (code, out) == (2, "")
    assert says in err
    assert "secret" not in err
    assert len(err.splitlines()) == 1


async def test_a_file_of_another_program_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "threads.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("create table things (id)")
    before = file.read_bytes()
    code, _, err = await finished("serve", "--port", "0", AGUI_DATA=str(tmp_path))
    assert (code, file.read_bytes()) == (2, before)
    assert err == (
        f"agui-runtime: {file} is another program's file; name another one for the threads\n"
    )


async def test_states_are_looked_at_where_serve_put_them(tmp_path: Path) -> None:
    async with (
        serving(AGUI_DATA=str(tmp_path)) as (_, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
    ):
        await client.post(RUN, json=run_body("hello", thread="t1"))
        code, out, _ = await finished("state", "list", AGUI_DATA=str(tmp_path))
    assert code == 0
    assert "t1\tdefault\tanonymous" in out


async def test_looking_for_states_makes_no_file(tmp_path: Path) -> None:
    code, _, err = await finished("state", "list", AGUI_DATA=str(tmp_path))
    assert code == 2
    assert f"there are no threads at {tmp_path}/threads.db" in err
    assert os.listdir(tmp_path) == []
