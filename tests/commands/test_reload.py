"""`serve --reload` as a developer meets it: files that change, break and are mended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.programs import environment, finished
from tests.wires.agui.serving import events, reading, run_body, text

RUN = "/copilotkit/agent/default/run"
APP = '''
import asyncio
from pathlib import Path

from agui_runtime import CopilotRuntime
from words import WORD

async def agent(request):
    """Says a word, and waits for a file where it is asked to."""
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": WORD}
    while request.messages[-1].content == "wait" and not Path("go").exists():
        await asyncio.sleep(0.05)

runtime = CopilotRuntime(agents={"default": agent})
'''


class Reloading:
    """A server of a folder, whose lines are read as they come."""

    def __init__(self, folder: Path, process: asyncio.subprocess.Process, origin: str) -> None:
        self.folder = folder
        self.process = process
        self.origin = origin
        self.lines: list[str] = []

    def write(self, word: str) -> None:
        (self.folder / "words.py").write_text(f"WORD = {word}\n")

    async def until(self, words: str) -> str:
        """The next line of standard error with these words, and all before it since the last."""
        assert self.process.stderr is not None
        since = ""
        while line := (await self.process.stderr.readline()).decode():
            self.lines.append(line)
            since += line
            if words in line:
                return since
        raise AssertionError(f"{words!r} never came: {''.join(self.lines)}")

    async def answer(self) -> str:
        """What a client that comes anew is answered: a text, or the code of a refusal."""
        async with httpx.AsyncClient(base_url=self.origin, timeout=60) as client:
            said = await client.post(
                RUN, json=run_body("hi", thread := os.urandom(6).hex(), thread)
            )
            return text(events(said.text)) if said.is_success else str(said.json()["code"])

    async def answers(self, word: str) -> None:
        """Ask until the process that was replaced has read that it was; it may cut one off
        or send it away.
        """
        found = "nothing"
        for _ in range(100):
            with suppress(httpx.TransportError):
                if (found := await self.answer()) == word:
                    return
        raise AssertionError(f"{found!r} instead of {word!r}")

    async def ended(self, by: signal.Signals) -> tuple[int | None, str]:
        self.process.send_signal(by)
        _, err = await self.process.communicate()
        return self.process.returncode, err.decode()


def write_app(folder: Path, word: str = "'one'") -> None:
    (folder / "my_app.py").write_text(APP)
    (folder / "words.py").write_text(f"WORD = {word}\n")


@asynccontextmanager
async def reloading(folder: Path, *words: str, **settings: str) -> AsyncIterator[Reloading]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agui_runtime", "serve", "my_app", "--reload"),
        *("--port", str(port), *words),
        cwd=folder,
        env=environment(**settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield Reloading(folder, process, f"http://127.0.0.1:{port}")
    finally:
        if process.returncode is None:
            process.terminate()
            await process.communicate()


async def test_each_change_is_served_and_a_broken_one_never(tmp_path: Path) -> None:
    write_app(tmp_path)
    async with (
        reloading(tmp_path) as server,
        httpx.AsyncClient(base_url=server.origin, timeout=60) as client,
    ):
        assert "threads are in memory: each reload forgets them" in await server.until("running on")
        assert await server.answer() == "one"
        async with reading(client, RUN, run_body("wait", "live", "live")) as live:
            await live.until("TEXT_MESSAGE_CONTENT")
            server.write("'two'")
            assert "words.py changed" in await server.until("takes the place of")
            await server.answers("two")
            (tmp_path / "go").touch()
            await live.until("RUN_FINISHED")  # of the old process, which is not cut
        server.write("'three")
        failure = await server.until("the old ones stay")
        assert 'words.py", line 1' in failure
        assert "SyntaxError" in failure
        assert "agui_runtime/" not in failure
        assert await server.answer() == "two"
        (tmp_path / "notes.txt").write_text("no Python file")
        (tmp_path / ".venv").mkdir()
        (tmp_path / ".venv" / "other.py").write_text("of somebody else")
        server.write("'four'")
        assert "] words.py changed\n" in await server.until("takes the place of")
        await server.answers("four")
        code, err = await server.ended(signal.SIGINT)
        assert code == 130
        assert err.endswith(f"[{server.process.pid}] stopped; every run has ended\n")
        assert "Traceback" not in err


@pytest.mark.parametrize(
    ("word", "failure"),
    [
        ("'one", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("missing", "NameError: name 'missing' is not defined"),
    ],
)
async def test_an_app_that_cannot_be_imported_is_waited_for(
    word: str, failure: str, tmp_path: Path
) -> None:
    write_app(tmp_path, word)
    async with reloading(tmp_path, AGUI_DATA="threads.db") as server:
        written = await server.until("waiting for a change")
        assert failure in written
        assert 'words.py", line 1' in written
        assert "agui_runtime/" not in written
        server.write("'mended'")
        assert "in memory" not in await server.until("running on")
        assert await server.answer() == "mended"
        code, err = await server.ended(signal.SIGTERM)
        assert (code, "stopped; every run has ended" in err) == (0, True)


async def test_what_is_not_there_yet_is_waited_for_and_ctrl_c_ends_the_wait(tmp_path: Path) -> None:
    async with reloading(tmp_path) as server:
        written = await server.until("waiting for a change")
        assert written.startswith("agui-runtime: AGUI_APP=my_app: No module named 'my_app'")
        assert await server.ended(signal.SIGINT) == (130, "")


@pytest.mark.parametrize(
    ("words", "settings", "reason"),
    [
        ((), {"AGUI_PRODUCTION": "1"}, "leave it out, or AGUI_PRODUCTION"),
        ((), {"AGUI_PROCESSES": "2"}, "for one process: leave out AGUI_PROCESSES"),
        (("--processes", "2"), {}, "for one process: leave out --processes"),
        ((), {"AGUI_PRODUKTION": "1"}, "did you mean AGUI_PRODUCTION?"),
        (("bench.app",), {"AGUI_APP": "a:b"}, "AGUI_APP=a:b and bench.app are two apps"),
    ],
)
async def test_what_does_not_go_with_it_is_refused(
    words: tuple[str, ...], settings: dict[str, str], reason: str
) -> None:
    code, out, err = await finished("serve", "--reload", *words, **settings)
    assert (code, out) == (2, "")
    assert err.startswith("agui-runtime: ")
    assert (reason in err, err.count("\n")) == (True, 1), err


async def test_the_command_that_brings_its_package_is_named(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'watchfiles' else find(name, *more)\n"
    )
    code, _, err = await finished("serve", "--reload", PYTHONPATH=str(tmp_path))
    assert code == 2
    assert "--reload needs a package that is not there: " in err
    assert "serve --with reload" in err or "pip install 'watchfiles" in err
