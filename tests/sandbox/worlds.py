"""Threads in which tests call sandboxed actions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from agui_runtime.agents.actions import Action
from agui_runtime.agents.agent import current_run
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.sandbox import Sandbox, run_python, run_shell


class Thread:
    """A thread of an owner, in which programs are carried out."""

    def __init__(self, folder: Path, thread: str = "t1", owner: str = "ann", **limits: Any) -> None:  # noqa: ANN401  # the fields of Sandbox
        self.folder = folder
        self.sandbox = Sandbox(folder=folder, **limits)
        self._context = RunContext(Caller(owner), "req-1", thread_id=thread)

    async def call(self, action: Action, **arguments: object) -> str:
        token = current_run.set(self._context)
        try:
            result = await action.call(json.dumps(arguments))
        finally:
            current_run.reset(token)
        assert isinstance(result, str)
        return result

    async def python(self, code: str) -> JsonObject:
        """How the program ended, as a model sees it."""
        return shown(await self.call(self._run_python, code=code))

    async def shell(self, command: str) -> JsonObject:
        return shown(await self.call(self._run_shell, command=command))

    @cached_property
    def _run_python(self) -> Action:
        return run_python(self.sandbox)

    @cached_property
    def _run_shell(self) -> Action:
        return run_shell(self.sandbox)

    async def prints(self, code: str) -> str:
        """What the program prints, which is to end well."""
        end = await self.python(code)
        assert end["exit_code"] == 0, end
        return str(end["stdout"]).strip()

    @property
    def stored(self) -> list[Path]:
        """All that there is of work folders."""
        return stored_in(self.folder)

    def file(self, name: str) -> Path:
        """What was stored under the name, in the only work folder."""
        (found,) = [path for path in self.stored if path.name == name]
        return found


def stored_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name != "key")


def shown(result: str) -> JsonObject:
    value: JsonObject = json.loads(result)
    return value


def message(result: str) -> str:
    """What the model is told of a function that failed."""
    return str(shown(result)["error"]["message"])


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, asyncio.Queue[asyncio.StreamReader]]]:
    """A port of this machine, and who connects to it."""
    clients: asyncio.Queue[asyncio.StreamReader] = asyncio.Queue()
    writers: list[asyncio.StreamWriter] = []

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        clients.put_nowait(reader)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], clients
    finally:
        server.close()
        for writer in writers:
            writer.close()
            await writer.wait_closed()
        await server.wait_closed()
