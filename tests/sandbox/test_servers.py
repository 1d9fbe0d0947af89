"""MCP servers that are started in a sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agui_runtime.connectors.mcp import McpServer
from agui_runtime.core.errors import Misconfigured
from agui_runtime.sandbox import Sandbox
from tests.connectors.test_mcp import World, error_of, world

PROGRAM = Path(__file__).with_name("sandboxed_server.py")
COMMAND = (sys.executable, str(PROGRAM))


@pytest.fixture
async def inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[World]:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    box = Sandbox(shows=[PROGRAM], folder=tmp_path, memory=256 << 20)
    server = McpServer(command=COMMAND, env={"GREETING": "hello"}, sandbox=box, connect_timeout=30)
    async with world(server) as it:
        yield it


async def test_a_server_answers_from_within(inside: World) -> None:
    about = json.loads(await inside.call("about"))
    assert about["process"] < 10
    assert about["variables"] == ["GREETING", "HOME", "LANG", "MALLOC_ARENA_MAX", "PATH", "TMPDIR"]
    assert about["networks"] == ["lo"]
    assert about["outside"] is False


async def test_a_server_that_takes_too_much_memory_ends(inside: World) -> None:
    assert error_of(await inside.call("grow"))["code"] == "HANDLER_ERROR"
    assert "process" in await inside.call("about")  # another one, begun anew


async def test_a_program_that_the_sandbox_does_not_show_is_not_found(tmp_path: Path) -> None:
    server = McpServer(command=["/nowhere/server"], sandbox=Sandbox(folder=tmp_path))
    async with world(server) as it:
        await it.call("about")
        assert it.agent.offered == []


def test_what_is_no_sandbox_is_refused() -> None:
    with pytest.raises(Misconfigured, match="sandbox of an MCP server"):
        McpServer(command=COMMAND, sandbox=True)  # type: ignore[arg-type]
