"""`agui-runtime chat` as its user meets it: a terminal, a pipe, a server, Ctrl-C."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from agui_runtime.commands.chat.remote import Address, RuntimePeer
from agui_runtime.commands.cli import main
from tests.commands.several import file_in
from tests.programs import ROOT, environment, finished, serving
from tests.support import served
from tests.terminals import CTRL_C, CTRL_D, at_terminal

APP = {"AGUI_APP": "tests.fakes.chatty:runtime"}
PLAIN = {"NO_COLOR": "1"}


@pytest.fixture(params=["here", "runtime", "endpoint"])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[list[str]]:
    """How to reach the chatty agent: in the process, at our server, as a bare AG-UI agent."""
    if request.param == "here":
        yield []
        return
    async with serving(**APP, **file_in(tmp_path)) as (_, origin, _):
        url = f"{origin}/copilotkit"
        yield ["--url", url if request.param == "runtime" else f"{url}/agent/default/run"]


def settings(target: list[str], folder: Path) -> dict[str, str]:
    return PLAIN if target else {**APP, **PLAIN, **file_in(folder)}


def is_endpoint(target: list[str]) -> bool:
    return any("/agent/" in word for word in target)


async def piped(given: bytes, *words: str, **more: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agui_runtime", "chat", *words),
        cwd=ROOT,
        env=environment(**more),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(given)
    return process.returncode, out.decode(), err.decode()


async def test_a_whole_conversation_in_a_terminal(target: list[str], tmp_path: Path) -> None:
    async with at_terminal("chat", *target, **settings(target, tmp_path)) as terminal:
        await terminal.until("> ")
        terminal.type("work\n")
        for shown in ("- looking", "where is it", '* find({"city":"Rome"})', "= find: sunny"):
            await terminal.until(shown)
        await terminal.until("**It** is found")
        assert "\x1b]0" not in terminal.drawn
        assert "\x1b[2J" not in terminal.drawn
        await terminal.until("> ")
        terminal.type("ask\n")
        await terminal.until("? Pay 3 EUR?")
        await terminal.until("[y]es or [n]o?")
        terminal.type("maybe\n")
        await terminal.until("say yes or no")
        terminal.type("y\n")
        await terminal.until("1) red 2) blue")
        terminal.type("2\n")
        await terminal.until("answers [{'approved': True}, 'blue']")
        await terminal.until("> ")
        terminal.type("before\n")
        await terminal.until("? Which city?")
        terminal.type("Rome\n")
        await terminal.until("answers {'resume': 'Rome'}")
        await terminal.until("> ")
        terminal.type("fail\n")
        await terminal.until("AGENT_ERROR: ")
        await terminal.until("> ")
        terminal.type("hold\n")
        await terminal.until("holding")
        terminal.type(CTRL_C)
        await terminal.until("stopping the run")
        await terminal.until("> ")
        if not is_endpoint(target):  # of which nobody can say that its run has ended
            terminal.type("this\n")
            await terminal.until("this is message 6")
            await terminal.until("> ")
        terminal.type(CTRL_D)
        assert await terminal.ended() == 0
        assert "Traceback" not in terminal.drawn


async def test_a_question_is_shown_and_not_obeyed(tmp_path: Path) -> None:
    chosen = {**APP, **PLAIN, **file_in(tmp_path)}
    async with at_terminal("chat", "--thread", "t1", **chosen) as terminal:
        await terminal.until("> ")
        terminal.type("trick\n")
        await terminal.until("? Hue?\N{REPLACEMENT CHARACTER}]0;t")
        await terminal.until("1) red")
        await terminal.until("[2J 2) blue > forged? ")
        terminal.type("x\n")
        await terminal.until("choose one of red\N{REPLACEMENT CHARACTER}[2J")
        await terminal.until("forged? ")
        terminal.type(CTRL_D)
        await terminal.ended()
    assert "\x1b]0" not in terminal.drawn
    assert "\x1b[2J" not in terminal.drawn
    code, _, err = await piped(b"x", "--thread", "t1", **chosen)
    assert (code, "\x1b" in err) == (2, False)


async def test_an_object_is_asked_for_field_by_field(tmp_path: Path) -> None:
    chosen = {**APP, **PLAIN, **file_in(tmp_path)}
    async with at_terminal("chat", **chosen) as terminal:
        await terminal.until("> ")
        terminal.type("book\n")
        await terminal.until("? Which trip?")
        for shown, typed in (
            ("(city, nights, room, breakfast, guests, note), or all as JSON? ", ""),
            ("city (where to): ", ""),
            ("write an answer, or /cancel", "Rome"),
            ("nights (a whole number): ", "two"),
            ("that is no JSON", "2.5"),
            ("this takes a whole number", "2"),
            ("room (1) sea 2) yard; Enter for sea): ", "3"),
            ("choose one of sea, yard", ""),
            ("breakfast ([y]es or [n]o): ", "y"),
            ("guests (with commas, or a JSON list): ", "ann, bob"),
            ("note (Enter for none): ", ""),
        ):
            await terminal.until(shown)
            terminal.type(f"{typed}\n")
        answer = "'city': 'Rome', 'nights': 2, 'room': 'sea', 'breakfast': True"
        await terminal.until(f"answers [{{{answer}, 'guests': ['ann', 'bob']}}]")
        await terminal.until("> ")
        terminal.type(CTRL_D)
        assert await terminal.ended() == 0


async def test_an_object_may_come_as_json_or_not_at_all(tmp_path: Path) -> None:
    chosen = {**APP, **PLAIN, **file_in(tmp_path)}
    whole = {"city": "Rome", "nights": 2, "breakfast": False, "guests": []}
    async with at_terminal("chat", **chosen) as terminal:
        await terminal.until("> ")
        terminal.type("book\n")
        await terminal.until("or all as JSON? ")
        terminal.type('{"city": "Rome", "breakfast": true}\n')
        await terminal.until("the object lacks nights, guests")
        terminal.type(json.dumps(whole) + "\n")
        await terminal.until(f"answers [{whole}]")
        await terminal.until("> ")
        terminal.type("book\n")
        await terminal.until("or all as JSON? ")
        terminal.type("\n")
        await terminal.until("city (where to): ")
        terminal.type("/cancel\n")
        await terminal.until("answers [None]")
        await terminal.until("> ")
        terminal.type(CTRL_D)
        assert await terminal.ended() == 0


async def test_a_question_that_nobody_answers_now_waits(tmp_path: Path) -> None:
    chosen = {**APP, **PLAIN, **file_in(tmp_path)}
    async with at_terminal("chat", "--thread", "t1", "ask", **chosen) as terminal:
        await terminal.until("[y]es or [n]o?")
        terminal.type(CTRL_D)
        await terminal.until("--thread t1")
        assert await terminal.ended() == 1
        assert "Traceback" not in terminal.drawn


@pytest.mark.parametrize("runs", [None, {}, ["r1", None, {"status": "done"}]])
async def test_a_server_may_list_its_runs_as_it_likes(runs: object) -> None:
    app = FastAPI()
    app.get("/threads/{thread}/runs")(lambda thread: {"runs": runs})
    async with served(app) as url:
        peer = RuntimePeer(Address(url), "default")
        assert await peer.live("t1") is None
        await peer.close()


async def test_colours_and_markdown_where_a_terminal_has_them(tmp_path: Path) -> None:
    async with at_terminal("chat", "work", **APP, **file_in(tmp_path)) as terminal:
        assert await terminal.ended() == 0
    assert "\x1b[1mIt\x1b[0m is found" in terminal.drawn
    assert "where is it\x1b[0m" in terminal.drawn
    assert "\x1b]0" not in terminal.drawn
    assert "\x1b[2J" not in terminal.drawn


async def test_a_pipe_gets_the_answer_alone_and_json_the_events(tmp_path: Path) -> None:
    chosen = {**APP, **file_in(tmp_path)}
    code, out, err = await piped(b"work\n", **chosen)
    assert (code, out) == (0, "**It** is found\x1b]0;title\x07.\n")
    assert '* find({"city":"Rome"})' in err
    code, out, _ = await piped(b"work", "--json", "-", **chosen)
    found = [json.loads(line)["type"] for line in out.splitlines()]
    assert (code, found[0], found[-1]) == (0, "RUN_STARTED", "RUN_FINISHED")
    assert "TOOL_CALL_RESULT" in found
    code, out, err = await piped(b"fail", **chosen)
    assert (code, out) == (1, "so\n")
    assert err.startswith("AGENT_ERROR: ")
    assert err.count("\n") == 1


async def test_a_question_in_a_pipe_is_answered_by_the_next_message(tmp_path: Path) -> None:
    chosen = {**APP, **file_in(tmp_path)}
    code, _, err = await piped(b"before", "--thread", "t1", **chosen)
    assert code == 1
    assert "? Which city?" in err
    assert "--thread t1" in err
    code, out, _ = await piped(b"Rome", "--thread", "t1", **chosen)
    assert (code, out) == (0, "answers {'resume': 'Rome'}\n")
    await piped(b"ask", "--thread", "t2", **chosen)
    code, _, err = await piped(b"maybe", "--thread", "t2", **chosen)
    assert code == 2
    assert "say yes or no" in err
    assert err.count("\n") == 1


async def test_a_live_run_is_shown_to_its_end_and_its_thread_is_where_the_page_looks(
    tmp_path: Path,
) -> None:
    store = file_in(tmp_path)
    async with at_terminal("chat", "--thread", "t1", "hold", **APP, **store, **PLAIN) as first:
        await first.until("holding")
        async with at_terminal("chat", "--thread", "t1", **APP, **store, **PLAIN) as second:
            await second.until("> hold")
            await second.until("holding")
            second.type(CTRL_C)
            await second.until("stopping the run")
            await second.until("the run was stopped")
            assert await second.ended() == 130
        await first.until("the run was stopped")
        assert await first.ended() == 0
    code, out, _ = await finished("threads", "show", "t1", "--json", **store)
    assert code == 0
    assert [each["content"] for each in json.loads(out)] == ["hold", "holding"]


async def test_ctrl_c_twice_leaves_a_servers_run_and_waits_no_longer(tmp_path: Path) -> None:
    async with serving(**APP, **file_in(tmp_path)) as (_, origin, _):
        url = f"{origin}/copilotkit"
        async with at_terminal("chat", "--url", url, "hold", **PLAIN) as terminal:
            await terminal.until("holding")
            terminal.type(CTRL_C)
            await terminal.until("stopping the run")
            terminal.type(CTRL_C)
            assert await terminal.ended() == 130


async def test_a_server_that_dies_in_the_middle_is_one_line(tmp_path: Path) -> None:
    async with serving(**APP, **file_in(tmp_path)) as (process, origin, _):
        chat = at_terminal("chat", "--url", f"{origin}/copilotkit", "hold", **PLAIN)
        async with chat as terminal:
            await terminal.until("holding")
            process.kill()
            await terminal.until("REMOTE_BROKEN: ")
            assert await terminal.ended() == 1
            assert "Traceback" not in terminal.drawn


@pytest.mark.parametrize(
    ("words", "more", "says"),
    [
        (["--url", "http://127.0.0.1:1", "hi"], {}, "REMOTE_UNREACHABLE"),
        (["--url", "ftp://x", "hi"], {}, "http:// or https://"),
        (["--agent", "nope", "hi"], APP, "there are ['default']"),
        (["--token", "x", "hi"], APP, "--owner"),
        (["--owner", "x", "--url", "http://127.0.0.1:1", "hi"], APP, "--token"),
        (["--token-file", "/no/such", "--url", "http://127.0.0.1:1", "hi"], {}, "cannot be read"),
        ([""], APP, "nothing to say"),
        (["hi"], {"AGUI_APP": "no_such:app"}, "no_such"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    words: list[str],
    more: dict[str, str],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in more.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AGUI_STORE", "memory:")
    assert main(["chat", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


async def test_a_server_that_knows_its_callers_gets_a_token(tmp_path: Path) -> None:
    tokens = {"AGUI_TOKENS": "ann:a-token-of-sixteen", **file_in(tmp_path)}
    async with serving(**APP, **tokens) as (_, origin, _):
        url = ["--url", f"{origin}/copilotkit"]
        code, _, err = await piped(b"hi", *url)
        assert code == 2
        assert "--token" in err
        assert err.count("\n") == 1
        token = tmp_path / "token"
        token.write_text("a-token-of-sixteen\n")
        code, out, _ = await piped(b"hi", *url, "--token-file", str(token), "--thread", "t1")
        assert (code, out) == (0, "hi is message 1\n")
    code, _, err = await piped(b"hi", "--thread", "t1", **APP, **tokens)
    assert code == 2
    assert "--owner" in err
    code, out, _ = await piped(b"there", "--owner", "ann", "--thread", "t1", **APP, **tokens)
    assert (code, out) == (0, "there is message 2\n")
