"""`serve --processes N` for tests: its parent, its processes, and clients of chosen ones."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tests.ports import free_port
from tests.programs import started
from tests.wires.agui.serving import events, run_body, text

BASE = "/copilotkit/agent/default"
APP = {"AGUI_APP": "tests.fakes.talker:runtime"}
ONE = httpx.Limits(max_connections=1)


class Several:
    """A running parent with its processes; `lines` are what they have written so far."""

    def __init__(self, process: asyncio.subprocess.Process, origin: str) -> None:
        self.process = process
        self.origin = origin
        self.lines: list[str] = []
        self.pids: list[int] = []

    async def until(self, words: str) -> str:
        """The next line with these words."""
        assert self.process.stderr is not None
        while line := (await self.process.stderr.readline()).decode():
            self.lines.append(line)
            if words in line:
                return line
        raise AssertionError(f"{words!r} never came: {''.join(self.lines)}")

    async def ended(self) -> tuple[int, str]:
        """The parent's exit code and its last line."""
        _, err = await self.process.communicate()
        self.lines += err.decode().splitlines()
        assert not [line for line in self.lines if "Traceback" in line]
        return self.process.returncode or 0, self.lines[-1]

    @asynccontextmanager
    async def client(self, *, of: Iterable[int]) -> AsyncIterator[tuple[httpx.AsyncClient, int]]:
        """A client whose one connection leads to one of these processes, and that process."""
        wanted = set(of)
        async with AsyncExitStack() as stack:
            while True:
                made = httpx.AsyncClient(base_url=self.origin, timeout=60, limits=ONE)
                client = await stack.enter_async_context(made)
                pid = await process_of(client)
                if pid in wanted:
                    yield client, pid
                    return


async def process_of(client: httpx.AsyncClient) -> int:
    """The process at the other end of the client's connection."""
    name = os.urandom(6).hex()
    answer = await client.post(f"{BASE}/run", json=run_body("who", f"who-{name}", name))
    assert answer.status_code == 200, answer.text
    seen = events(answer.text)
    assert seen[-1]["type"] == "RUN_FINISHED", seen[-1]
    return int(text(seen))


@asynccontextmanager
async def several(**settings: str) -> AsyncIterator[Several]:
    """Two processes of the talker, both of them ready."""
    port = free_port()
    words = ("serve", "--port", str(port), "--processes", "2")
    parent = Several(await started(*words, **APP | settings), f"http://127.0.0.1:{port}")
    try:
        line = await parent.until("running on")
        parent.pids = [int(pid) for pid in re.findall(r"\d+", line.rpartition("processes:")[2])]
        yield parent
    finally:
        if parent.process.returncode is None:
            parent.process.terminate()
            await parent.ended()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def file_in(folder: Path) -> dict[str, str]:
    return {"AGUI_STORE": f"sqlite:///{folder}/threads.db"}
