"""The command line as a process of its own: started, listened to, and ended with the test."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeAlias

from tests.ports import free_port

ROOT = Path(__file__).parent.parent


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings, and with these; threads are in memory unless
    they say otherwise.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AGUI_")}
    clean.pop("OPENAI_API_KEY", None)
    usual = {} if more.keys() & {"AGUI_STORE", "AGUI_DATA"} else {"AGUI_STORE": "memory:"}
    return clean | usual | more


async def started(*words: str, **settings: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agui_runtime", *words),
        cwd=ROOT,
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def finished(*words: str, **settings: str) -> tuple[int | None, str, str]:
    """A command's exit code, output and errors."""
    process = await started(*words, **settings)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


Served: TypeAlias = tuple[asyncio.subprocess.Process, str, str]
"""A running server: its process, its origin, and what it said before it was ready."""


def serving(*words: str, **settings: str) -> AbstractAsyncContextManager[Served]:
    """`words` are arguments of `serve`."""
    return serving_at(free_port(), *words, **settings)


@asynccontextmanager
async def serving_at(port: int, *words: str, **settings: str) -> AsyncIterator[Served]:
    """The same at a port that another server may have had before."""
    process = await started("serve", "--port", str(port), *words, **settings)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = await process.stdout.readuntil(b"agent")
        while b"running on" not in await process.stderr.readline():
            pass
        yield process, f"http://127.0.0.1:{port}", said.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@contextmanager
def discarded(*processes: asyncio.subprocess.Process) -> Iterator[None]:
    """Read what they write while the block runs: one whose lines nobody takes waits for ever."""

    async def discard(stream: asyncio.StreamReader) -> None:
        while await stream.read(65_536):
            pass

    streams = [each for process in processes for each in (process.stdout, process.stderr) if each]
    reading = [asyncio.create_task(discard(each)) for each in streams]
    try:
        yield
    finally:
        for task in reading:
            task.cancel()
