"""`agui-runtime threads list|show|rename|archive|delete` and `runs`, beside a running server."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.sandbox.work_folders import WorkFolders
from tests.commands.several import APP, BASE, file_in
from tests.fakes.chatty import LOOKING
from tests.programs import finished, serving, started
from tests.runtime.worlds import Scripted, asking, ran
from tests.terminals import at_terminal
from tests.wires.agui.serving import reading, run_body


async def printed(*words: str, **settings: str) -> Any:  # noqa: ANN401  # any JSON
    code, out, err = await finished(*words, "--json", **settings)
    assert code == 0, err
    return json.loads(out)


async def listed(*words: str, **settings: str) -> list[str]:
    found = await printed("threads", "list", "--owner", "anonymous", *words, **settings)
    return [each["thread"] for each in found]


async def test_a_thread_from_its_list_to_its_end(tmp_path: Path) -> None:
    store = file_in(tmp_path)
    async with (
        serving(**APP, **store) as (_, origin, _),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
    ):
        await client.post(f"{BASE}/run", json=run_body("count 3 0", "t1", "r1"))
        async with reading(client, f"{BASE}/run", run_body("hold", "t2", "r2")) as live:
            await live.until("TEXT_MESSAGE_CONTENT")
            assert await listed(**store) == ["t2", "t1"]
            runs = await printed("runs", "list", "t2", **store)
            assert [(each["run"], each["status"]) for each in runs] == [("r2", "running")]
            code, _, err = await finished("threads", "delete", "t2", "--yes", **store)
            assert (code, "Traceback" in err) == (2, False)  # while it runs
            assert (await finished("runs", "stop", "t2", **store))[0] == 0
            await live.until("RUN_FINISHED")
        assert (await finished("runs", "stop", "t2", **store))[0] == 1

        shown = await printed("threads", "show", "t1", **store)
        assert [(each["role"], each["content"]) for each in shown] == [
            ("user", "count 3 0"),
            ("assistant", "0 1 2 "),
        ]
        assert (await finished("threads", "rename", "t1", "Numbers", **store))[0] == 0
        assert (await finished("threads", "archive", "t2", **store))[0] == 0
        assert await listed(**store) == ["t1"]
        assert set(await listed("--archived", **store)) == {"t1", "t2"}
        code, out, _ = await finished("threads", "list", "--owner", "anonymous", **store)
        assert out.splitlines()[1].split("\t")[:3] == ["t1", "default", "Numbers"]

        code, _, err = await finished("threads", "delete", "t1", **store)
        assert (code, err) == (2, "agui-runtime: nothing was deleted; in a script say --yes\n")
        assert (await finished("threads", "delete", "t1", "--yes", **store))[0] == 0
        assert await listed(**store) == []


async def test_a_thread_that_is_deleted_takes_its_work_folder_with_it(tmp_path: Path) -> None:
    runtime = CopilotRuntime({"default": Scripted()}, store=f"sqlite:///{tmp_path}/threads.db")
    async with runtime.lifespan():
        for thread in ("t1", "t2"):
            await ran(runtime, asking(thread=thread))
    folders = WorkFolders(tmp_path / "sandbox")
    for thread in ("t1", "t2"):
        async with folders.held("ann", thread) as folder:
            (folder.files / "x").touch()
    code, _, err = await finished("threads", "delete", "t1", "--yes", AGUI_DATA=str(tmp_path))
    assert (code, err) == (0, "")
    assert not folders.place_of("ann", "t1").exists()
    assert (folders.place_of("ann", "t2") / "files" / "x").exists()


FORGED = "x\nt9\tdefault\tforged\r\x1b[2J\x9b2J\u202e"
"""A name that would be a row of its own, and clear the screen."""


async def test_names_and_messages_forge_no_rows_and_move_no_cursor(tmp_path: Path) -> None:
    store = file_in(tmp_path)
    async with (
        serving(**APP, **store) as (_, origin, _),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
    ):
        said = "count 1 0\nassistant\tforged\x1b[2J\x9b2J"
        await client.post(f"{BASE}/run", json=run_body(said, "t1", "r1"))
        await client.patch("/copilotkit/threads/t1", json={"name": FORGED})
    listing = ("threads", "list", "--owner", "anonymous")
    assert (await printed(*listing, **store))[0]["name"] == FORGED
    code, out, _ = await finished(*listing, **store)
    assert (code, [row.split("\t")[0] for row in out.split("\n")]) == (0, ["thread", "t1", ""])
    _, out, _ = await finished("threads", "show", "t1", **store)
    assert [row.split("\t")[0] for row in out.split("\n")] == ["user", "", "assistant", ""]
    for words in (listing, (*listing, "--json"), ("threads", "show", "t1"), ("threads", "export")):
        async with at_terminal(*words, **store) as terminal:
            assert await terminal.ended() == 0
        assert "t9" in terminal.drawn or "forged" in terminal.drawn
        assert not set("\x1b\x9b\u202e") & set(terminal.drawn)


@pytest.mark.parametrize(
    "words",
    [
        ("threads", "show", "nope"),
        ("threads", "rename", "nope", "x"),
        ("threads", "archive", "nope"),
        ("threads", "delete", "nope", "--yes"),
        ("runs", "list", "nope"),
        ("runs", "stop", "nope"),
        ("runs", "show", "nope"),
        ("threads", "tail", "nope"),
        ("threads", "compact", "nope"),
    ],
)
async def test_a_thread_that_is_not_there_is_one_line(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    store = file_in(tmp_path)
    assert (await finished("db", "upgrade", **store))[0] == 0
    code, out, err = await finished(*words, **store)
    assert (code, out) == (2, "")
    assert "nope" in err
    assert err.count("\n") == 1


async def test_a_thread_is_followed_from_a_cursor_while_another_process_writes_it(
    tmp_path: Path,
) -> None:
    store = file_in(tmp_path)
    async with (
        serving(**APP, **store) as (_, origin, _),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
    ):
        await client.post(f"{BASE}/run", json=run_body("count 1 0", "t1", "r1"))
        tail = await started("threads", "tail", "t1", "--json", **store)
        assert tail.stdout is not None
        seen = [json.loads(await tail.stdout.readline()) for _ in range(5)]
        assert [each["event"]["type"] for each in seen][::4] == ["RUN_STARTED", "RUN_FINISHED"]
        later = await started("threads", "tail", "t1", "--after", seen[-1]["cursor"], **store)
        assert later.stdout is not None
        await client.post(f"{BASE}/run", json=run_body("count 1 0", "t1", "r2"))
        assert json.loads(await tail.stdout.readline())["run"] == "r2"
        cursor, run, kind, _ = (await later.stdout.readline()).decode().split("\t")
        assert (run, kind) == ("r2", "RUN_STARTED")
        for process in (tail, later):
            process.send_signal(signal.SIGINT)
            _, errors = await process.communicate()
            assert (process.returncode, errors) == (130, b"")
    assert (await finished("threads", "compact", "t1", **store))[2] == "2 runs were compacted\n"
    code, _, err = await finished("threads", "tail", "t1", "--once", "--after", cursor, **store)
    assert (code, "history is gone" in err, err.count("\n")) == (2, True, 1)
    code, out, _ = await finished("threads", "tail", "t1", "--once", **store)
    assert (code, out.count("\n")) == (0, 10)


async def test_a_run_is_shown_with_its_parts(tmp_path: Path) -> None:
    store = file_in(tmp_path)
    app = {"AGUI_APP": "tests.fakes.chatty:runtime", **store}
    assert (await finished("chat", "--thread", "t1", "work", **app))[0] == 0
    parts = await printed("runs", "show", "t1", **store)
    assert [(each["depth"], each["kind"]) for each in parts] == [
        (0, "run"),
        (1, "step"),
        (2, "tool"),
        (1, "answer"),
    ]
    assert parts[0]["text"] == "finished"
    assert 0.9 * LOOKING < parts[2]["seconds"] < parts[0]["seconds"]
    code, out, _ = await finished("runs", "show", "t1", **store)
    assert code == 0
    [tool] = [line.split("\t") for line in out.splitlines() if "tool find" in line]
    assert float(tool[1]) > 0
    assert tool[-1].startswith('{"city":"Rome"} -> sunny')
    assert (await finished("runs", "show", "t1", "--run", "nope", **store))[0] == 2
