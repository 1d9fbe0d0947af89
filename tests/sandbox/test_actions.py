"""Actions in a sandbox: what models and runs get of them, and what is refused."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, action
from agui_runtime.commands.hosting import hosted
from agui_runtime.connectors.mcp import McpServer
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event
from agui_runtime.sandbox import Sandbox, in_sandbox, run_python, run_shell, sandboxed
from agui_runtime.settings import Settings
from tests.runtime.worlds import ANN, asking, call, ran, told
from tests.sandbox import tools
from tests.sandbox.worlds import Thread, listening, message, shown, stored_in

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def thread(tmp_path: Path) -> Thread:
    return Thread(tmp_path / "work", seconds=20)


async def of(thread: Thread, function: Callable[..., object], **arguments: object) -> str:
    """The result of the function, carried out in a sandbox of the thread."""
    return await thread.call(in_sandbox(function, thread.sandbox), **arguments)


async def test_a_function_gets_its_arguments_and_gives_its_result(thread: Thread) -> None:
    result = await of(thread, tools.moved, point={"x": 1}, day="2026-02-03")
    assert shown(result) == {"x": 2, "y": 2, "day": "2026-02-03", "kind": "date"}


async def test_a_coroutine_a_static_method_and_nothing(thread: Thread) -> None:
    assert await of(thread, tools.process) == "2"
    assert await of(thread, tools.Clerk.static) == "static"
    assert await of(thread, tools.nothing) == ""


async def test_models_see_the_action_as_it_was(thread: Thread) -> None:
    plain = action(tools.moved, name="move", return_direct=True)
    inside = in_sandbox(plain, thread.sandbox)
    assert (inside.tool, inside.return_direct) == (plain.tool, True)
    assert inspect.iscoroutinefunction(inside.function)
    assert inspect.signature(inside.function) == inspect.signature(tools.moved)
    wrong = shown(await thread.call(inside, point=1, day="2026-02-03"))
    assert wrong["error"]["code"] == "INVALID_ARGUMENTS"


@pytest.mark.parametrize(
    ("function", "arguments", "words"),
    [
        (tools.refuse, {"words": "no such city"}, "no such city"),
        (tools.vanish, {}, "the function ended its process (3): I am gone"),
        (tools.flood, {}, "the result has more than 65536 bytes"),
        (tools.odd, {}, "the result cannot be written as JSON: "),
    ],
)
async def test_a_function_that_fails_is_a_result_that_says_so(
    thread: Thread, function: Callable[..., object], arguments: dict[str, object], words: str
) -> None:
    assert message(await of(thread, function, **arguments)).startswith(words)


async def test_a_function_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    short = Thread(tmp_path, seconds=1)
    words = "it took longer than 1 seconds, and was ended"
    assert message(await of(short, tools.linger)) == words


async def test_files_stay_for_the_next_call_of_the_thread(thread: Thread) -> None:
    await thread.shell(
        "mkdir -p a/b; echo one > a/b/c; printf '#!/bin/sh\\necho ran' > run; chmod +x run"
    )
    end = await thread.shell("cat a/b/c; ./run; echo two > a/b/c")
    assert (end["stdout"], end["exit_code"]) == ("one\nran\n", 0)
    assert thread.file("c").read_text() == "two\n"
    assert {path.stat().st_mode & 0o077 for path in thread.stored} == {0}


async def test_where_no_files_can_be_stored_models_learn_no_path(tmp_path: Path) -> None:
    (tmp_path / "work").write_text("a file in the way")
    result = await Thread(tmp_path / "work").call(
        run_shell(Sandbox(folder=tmp_path / "work")), command=""
    )
    assert message(result) == "the server cannot carry this out now; its log tells why"


async def test_calls_side_by_side_lose_no_file(thread: Thread) -> None:
    await asyncio.gather(*(thread.shell(f"touch {name}; sleep 0.1") for name in "abcd"))
    assert (await thread.shell("ls"))["stdout"].split() == ["a", "b", "c", "d"]


async def test_a_process_that_died_while_it_stored_files_loses_none(thread: Thread) -> None:
    await thread.shell("echo one > one")
    files = thread.file("files")
    files.rename(files.with_name("former"))
    files.with_name("new-x").mkdir()
    assert (await thread.shell("cat one"))["stdout"] == "one\n"
    assert [path.name for path in thread.stored][1:] == ["files", "one"]


async def test_without_a_thread_nothing_is_stored(tmp_path: Path) -> None:
    run = run_shell(Sandbox(folder=tmp_path))
    result = await run.call('{"command": "echo a > a; ls"}')
    assert shown(str(result))["stdout"] == "a\n"
    assert stored_in(tmp_path) == []


async def test_an_exit_code_and_what_was_printed_are_the_result(thread: Thread) -> None:
    end = await thread.python("import sys; print('out'); sys.exit('err')")
    assert end == {"exit_code": 1, "stdout": "out\n", "stderr": "err\n"}
    assert (await thread.shell("kill -9 $$"))["exit_code"] == -9
    assert (await thread.shell("yes | head -n 1"))["stdout"] == "y\n"
    assert (await thread.shell("printf '\\377'"))["stdout"] == "\ufffd"


async def test_a_program_may_be_long(thread: Thread) -> None:
    assert await thread.prints(f"print(len({'x' * 200_000!r}))") == "200000"
    quotes = "\\'" * 200_000
    assert (await thread.shell(f"printf %s {quotes} | wc -c"))["stdout"] == "200000\n"


async def test_what_a_command_starts_does_not_read_the_next_ones(thread: Thread) -> None:
    assert (await thread.shell("cat\nwc -c\necho end; exit 3"))["stdout"] == "0\nend\n"


async def test_models_read_what_a_sandbox_allows(tmp_path: Path) -> None:
    words = run_python(Sandbox(folder=tmp_path, seconds=5, memory=256 << 20)).description
    assert "without network, for at most 5 seconds, with 256 MiB of memory" in words
    assert "with network" in run_shell(Sandbox(folder=tmp_path, network=True)).description


class Calling:
    """Calls `run_shell` with a command."""

    name = "calling"
    description = "Runs a command"

    def __init__(self, command: str) -> None:
        self.command = command

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        for event in call(
            f"c-{request.run_id}", "run_shell", json.dumps({"command": self.command})
        ):
            yield event


async def test_a_run_carries_it_out_in_the_folder_of_its_thread(tmp_path: Path) -> None:
    agent = Calling("echo x >> x; wc -l < x")
    runtime = CopilotRuntime({"default": agent}, [run_shell(Sandbox(folder=tmp_path))])
    results = []
    for thread in ("t1", "t1", "t2"):
        events = await ran(runtime, asking("go", thread=thread, follow_up=False))
        results += [shown(each["content"])["stdout"] for each in events if "content" in each]
    await runtime.close()
    assert results == ["1\n", "2\n", "1\n"]


async def test_a_thread_that_is_deleted_has_no_folder_any_more(tmp_path: Path) -> None:
    agent = Calling("echo x > x")
    runtime = CopilotRuntime({"default": agent}, [run_shell(Sandbox(folder=tmp_path))])
    for thread in ("t1", "t2"):
        await ran(runtime, asking("go", thread=thread, follow_up=False))
    await runtime.threads.delete("t1", ANN)
    assert [path.name for path in stored_in(tmp_path)][1:] == ["files", "x"]
    await runtime.threads.delete("t2", ANN)
    assert stored_in(tmp_path) == []
    await runtime.close()


async def test_a_stop_of_the_run_ends_all_processes_and_stores_nothing(tmp_path: Path) -> None:
    async with listening() as (port, clients):
        program = (
            "import os, socket, time\n"
            f"connection = socket.create_connection(('127.0.0.1', {port}))\n"
            "os.fork() or os.setsid() or os.fork()\n"
            "time.sleep(1000)"
        )
        agent = Calling(f'touch half; python3 -c "{program}"')
        box = Sandbox(folder=tmp_path, network=True, seconds=100)
        runtime = CopilotRuntime({"default": agent}, [run_shell(box)])
        handle = await runtime.start(asking("go", follow_up=False))
        client = await clients.get()
        assert await runtime.stop("t1", ANN)
        events = await told(handle)
        assert events[-1]["outcome"] == {"type": "cancelled"}
        assert await client.read() == b""  # whoever held the connection is gone
        await runtime.close()
    assert [path.name for path in stored_in(tmp_path)][1:] == ["files"]


@pytest.mark.parametrize(
    "function",
    [lambda: "", tools.Clerk().method, print],
)
def test_what_cannot_be_imported_by_its_name_is_refused(function: Callable[..., object]) -> None:
    with pytest.raises(
        Misconfigured, match=r"imported anew|cannot be described|no file of its own"
    ):
        sandboxed(action(function, name="it"))


def test_a_function_within_another_is_refused_with_what_to_write() -> None:
    def inner(city: str) -> str:
        return city

    with pytest.raises(Misconfigured, match=r"Write it as a plain function at the top level"):
        sandboxed(inner)


def test_a_module_that_finds_nothing_in_the_sandbox_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lonely_tools.py").write_text("import lonely_helper\ndef f() -> str: return ''\n")
    (tmp_path / "lonely_helper.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    lonely = importlib.import_module("lonely_tools")
    with pytest.raises(Misconfigured, match="No module named 'lonely_helper'"):
        sandboxed(lonely.f)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"seconds": 0}, "seconds of a sandbox must be"),
        ({"memory": 1000}, "memory of a sandbox must be a whole number from 67108864"),
        ({"files": True}, "files of a sandbox must be"),
        ({"network": "no"}, "network of a sandbox must be True or False"),
        ({"shows": ["/"]}, "a sandbox has a / of its own"),
        ({"shows": ["relative"]}, "absolute paths that exist"),
        ({"shows": ["/nowhere/at/all"]}, "absolute paths that exist"),
    ],
)
def test_a_sandbox_that_cannot_be_meant_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        Sandbox(**fields)  # type: ignore[arg-type]


async def test_paths_that_are_shown_can_be_read_and_not_written(tmp_path: Path) -> None:
    shown_folder = tmp_path / "data"
    shown_folder.mkdir(mode=0o755)
    (shown_folder / "file").write_text("text")
    thread = Thread(tmp_path / "work", shows=[shown_folder])
    end = await thread.shell(f"cat {shown_folder}/file; echo x > {shown_folder}/file")
    assert (end["stdout"], end["exit_code"]) == ("text", 2)


def test_without_bubblewrap_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for made in (run_python, run_shell):
        with pytest.raises(Misconfigured, match="apt-get install bubblewrap"):
            made()
    with pytest.raises(Misconfigured, match="apt-get install bubblewrap"):
        sandboxed(tools.process)


def test_where_no_namespaces_may_be_made_the_start_is_refused() -> None:
    """Within bubblewrap's own sandbox, which lets nobody make more of them."""
    program = "from agui_runtime.sandbox import run_python; run_python()"
    bwrap = shutil.which("bwrap") or ""
    within = [bwrap, "--dev-bind", "/", "/", "--unshare-user", "--disable-userns"]
    ended = subprocess.run(
        [*within, sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert "lets no user without rights make namespaces" in ended.stderr
    assert "--security-opt seccomp=unconfined" in ended.stderr


async def test_an_operator_names_actions_and_they_work_below_the_data(tmp_path: Path) -> None:
    env = {"AGUI_ACTIONS": "run_python, run_shell", "AGUI_DATA": str(tmp_path)}
    (runtime,) = hosted(Settings.read(env)).runtimes
    assert [each.name for each in runtime.actions] == ["run_python", "run_shell"]
    await runtime.actions[1].call('{"command": "true"}')
    assert (tmp_path / "sandbox" / "key").exists()
    assert hosted(Settings.read({"AGUI_DATA": str(tmp_path)})).runtimes[0].actions == ()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        (
            {"AGUI_ACTIONS": "run_perl"},
            "AGUI_ACTIONS: there is no 'run_perl'; there are run_python",
        ),
        ({"AGUI_ACTIONS": "run_shell,run_shell"}, "AGUI_ACTIONS: one of them is named twice"),
        ({"AGUI_ACTIONS": "run_shell", "AGUI_APP": "a:b"}, "AGUI_APP=a:b has agents of its own"),
    ],
)
def test_actions_that_cannot_be_meant_are_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(Misconfigured, match=words):
        Settings.read(env)


def test_a_server_at_a_url_has_no_process_to_put_into_a_sandbox() -> None:
    with pytest.raises(Misconfigured, match="no process to put into a sandbox"):
        McpServer(url="http://127.0.0.1:9000/mcp", sandbox=Sandbox())
