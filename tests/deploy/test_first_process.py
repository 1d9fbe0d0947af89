"""`serve` as process 1, as it is in a container without an init: it gets every signal itself, and
the system gives it no second chance.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.ports import free_port
from tests.programs import ROOT, environment
from tests.wires.agui.serving import reading, run_body

FIRST = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
ALLOWED = sys.platform == "linux" and (
    subprocess.run([*FIRST, "true"], capture_output=True, check=False).returncode == 0
)
RUN = "/copilotkit/agent/default/run"

pytestmark = pytest.mark.skipif(not ALLOWED, reason="no process numbers of one's own here")


class First:
    """A server that is process 1 of a numbering of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        [child] = _children(process.pid)
        self.number = child

    def children(self) -> list[int]:
        return _children(self.number)

    async def line(self, words: str) -> str:
        """The next line that it writes with these words."""
        assert self._process.stderr is not None
        while line := (await self._process.stderr.readline()).decode():
            if words in line:
                return line
        raise AssertionError(f"{words!r} never came")

    async def ended(self) -> tuple[int | None, str]:
        _, errors = await self._process.communicate()
        return self._process.returncode, errors.decode()


def _children(number: int) -> list[int]:
    tasks = Path(f"/proc/{number}/task").glob("*/children")
    return [int(each) for file in tasks for each in file.read_text().split()]


@asynccontextmanager
async def serving_first(*words: str, **settings: str) -> AsyncIterator[tuple[First, str]]:
    """Such a server, when it serves, and its origin."""
    port = free_port()
    serve = (sys.executable, "-m", "agui_runtime", "serve", "--port", str(port), *words)
    process = await asyncio.create_subprocess_exec(
        *(*FIRST, *serve),
        cwd=ROOT,
        env=environment(AGUI_APP="tests.fakes.talker:runtime", **settings),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        while b"running on" not in (line := await process.stderr.readline()):
            assert line
        first = First(process)
        yield first, f"http://127.0.0.1:{port}"
    finally:
        if process.returncode is None:
            os.kill(_children(process.pid)[0], signal.SIGKILL)
        await process.communicate()


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_sigterm_lets_a_live_run_end_and_the_exit_code_is_0(
    processes: str, tmp_path: Path
) -> None:
    words = ("--processes", processes)
    async with (
        serving_first(*words, AGUI_DATA=str(tmp_path)) as (first, origin),
        httpx.AsyncClient(base_url=origin, timeout=60) as client,
        reading(client, RUN, run_body("count 30 0.05")) as reader,
    ):
        await reader.until("TEXT_MESSAGE_CONTENT")
        os.kill(first.number, signal.SIGTERM)
        await reader.until("RUN_FINISHED")
        code, errors = await first.ended()
    assert code == 0
    assert "Traceback" not in errors


async def test_a_process_that_died_is_replaced_and_no_zombie(tmp_path: Path) -> None:
    async with serving_first("--processes", "2", AGUI_DATA=str(tmp_path)) as (first, _):
        victim, _ = first.children()
        os.kill(victim, signal.SIGKILL)
        await first.line("another one starts")
        os.kill(first.number, signal.SIGHUP)  # replaces both, after the successor serves
        await first.line("replaced")
        assert victim not in first.children()
        os.kill(first.number, signal.SIGTERM)
        assert (await first.ended())[0] == 0
