"""Tools of real MCP servers, each in a process of its own, called during runs."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from ag_ui.core import RunAgentInput
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.mcp.addresses import AllowedAddresses
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.fakes.mcp_process import STDIO, listening
from tests.fakes.mcp_raw import RawMcp
from tests.ports import free_port
from tests.runtime.worlds import ANN, asking, call, ran
from tests.support import served

TOOLS = ["mcp_echo", "add", "fail", "process", "die", "hang", "learn", "show_cart", "show_offers"]


class Caller:
    """Calls one tool in each run, and remembers what it was offered."""

    name = "caller"
    description = "Calls a tool"

    def __init__(self) -> None:
        self.tool, self.arguments = "process", "{}"
        self.offered: list[str] = []
        self.descriptions: list[str] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.offered = [tool.name for tool in request.tools or ()]
        self.descriptions = [tool.description for tool in request.tools or ()]
        for event in call(f"c-{request.run_id}", self.tool, self.arguments):
            yield event


class World:
    context = RunContext(ANN, "req-1")

    def __init__(self, servers: McpServers) -> None:
        self.servers = servers
        self.agent = Caller()
        self.runtime = CopilotRuntime({"default": self.agent}, remotes=[servers])

    async def call(
        self, tool: str, properties: dict[str, Any] | None = None, **given: object
    ) -> str:
        """The result of a run that calls the tool; "" if nobody carried it out."""
        self.agent.tool, self.agent.arguments = tool, json.dumps(given)
        request = asking("go", follow_up=False)
        context = replace(request.context, properties=properties or {})
        events = await ran(self.runtime, replace(request, context=context))
        results = [event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT"]
        return str(results[0]) if results else ""


@asynccontextmanager
async def world(*servers: McpServer, **options: Any) -> AsyncIterator[World]:  # noqa: ANN401
    it = World(McpServers(servers, **options))
    try:
        yield it
    finally:
        await it.runtime.close()


def error_of(result: str) -> dict[str, str]:
    error: dict[str, str] = json.loads(result)["error"]
    return error


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_tools_of_a_server_on_http_are_offered_and_called(transport: str) -> None:
    path = {"http": "mcp", "sse": "sse"}[transport]
    async with (
        listening(transport) as port,
        world(McpServer(url=f"http://127.0.0.1:{port}/{path}")) as it,
    ):
        assert await it.call("mcp_echo", text="yo") == '{"echoed":"yo"}'
        assert await it.call("add", a=1, b=2) == "3"
    assert it.agent.offered == TOOLS
    assert it.agent.descriptions[:2] == ["MCP echo", "Adds two numbers."]


async def test_a_server_that_a_command_starts_lives_as_long_as_the_runtime() -> None:
    async with world(McpServer(command=STDIO)) as it:
        process = int(await it.call("process"))
        assert int(await it.call("process")) == process
        os.kill(process, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


async def test_a_tool_that_fails_is_a_result() -> None:
    async with world(McpServer(command=STDIO)) as it:
        error = error_of(await it.call("fail"))
        assert error["code"] == "HANDLER_ERROR"
        assert "out of order" in error["message"]
        process = await it.call("process")
        assert "validation" in error_of(await it.call("add", a="x"))["message"]
        assert await it.call("process") == process


async def test_a_server_that_dies_is_a_result_and_started_again_for_the_next_run() -> None:
    async with world(McpServer(command=STDIO)) as it:
        first = await it.call("process")
        error = error_of(await it.call("die"))
        message = "MCP server 'python': Connection closed"
        assert error == {"code": "HANDLER_ERROR", "message": message}
        second = await it.call("process")
    assert first != second
    assert second.isdigit()


async def test_a_tool_that_never_answers_is_a_result_and_its_server_started_again() -> None:
    async with world(McpServer(command=STDIO, timeout=3.0)) as it:
        first = await it.call("process")
        assert "took longer than 3 s" in error_of(await it.call("hang"))["message"]
        second = await it.call("process")
    assert first != second
    assert second.isdigit()


async def test_a_server_that_was_started_anew_is_given_a_new_session() -> None:
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(listening(port=free_port()))
        it = await stack.enter_async_context(world(McpServer(url=f"http://127.0.0.1:{port}/mcp")))
        first = await it.call("process")
        os.kill(int(first), signal.SIGKILL)
        await stack.enter_async_context(listening(port=port))
        results = [await it.call("process"), await it.call("process")]
    assert results[1].isdigit()
    assert results[1] != first


async def test_a_server_that_died_between_runs_does_not_keep_the_next_ones_waiting() -> None:
    async with world(McpServer(command=STDIO)) as it:
        os.kill(int(await it.call("process")), signal.SIGKILL)
        results = [await it.call("process"), await it.call("process")]
    assert results[1].isdigit()


async def test_a_server_that_is_down_is_left_out_until_it_is_up(
    caplog: pytest.LogCaptureFixture,
) -> None:
    port = free_port()
    servers = (
        McpServer(url=f"http://127.0.0.1:{port}/mcp"),
        McpServer(command=[*STDIO, "0", "add"]),
    )
    async with world(*servers, retry_after=0.0) as it:
        with caplog.at_level(logging.WARNING):
            assert await it.call("add", a=2, b=2) == "4"
        assert it.agent.offered == ["add"]
        assert "is left out" in caplog.text
        async with listening(port=port):
            assert await it.call("mcp_echo", text="up") == '{"echoed":"up"}'
        assert it.agent.offered == TOOLS


async def test_a_server_that_cannot_be_reached_is_not_asked_at_once_again() -> None:
    port = free_port()
    server = McpServer(url=f"http://127.0.0.1:{port}/mcp")
    async with world(server, retry_after=1000.0) as it, listening(port=port):
        assert (await it.call("process")).isdigit()
    async with world(server, retry_after=1000.0) as it:
        assert await it.call("process") == ""
        async with listening(port=port):
            assert await it.call("process") == ""


@pytest.mark.parametrize("follows", [True, False])
async def test_a_redirection_within_a_server_is_followed_unless_forbidden(
    follows: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def moved(request: Request) -> Response:
        return RedirectResponse("/new", 307)

    tool = {"name": "odd", "inputSchema": {"type": "object"}}
    there = RawMcp([tool], {"content": [{"type": "text", "text": "here"}]})
    routes = [Route("/old", moved, methods=["POST", "GET"]), *there.app.routes]
    async with served(Starlette(routes=routes)) as origin:
        server = McpServer(url=f"{origin}/old", follow_redirects=follows)
        async with world(server) as it:
            assert await it.call("odd") == ("here" if follows else "")
    assert follows or "HTTP 307 at /old" in caplog.text


async def test_tools_that_change_are_listed_again() -> None:
    async with world(McpServer(command=STDIO)) as it:
        assert await it.call("learn") == "done"
        assert await it.call("learned") == "new"


async def test_tools_are_listed_again_after_a_while() -> None:
    async with world(McpServer(command=STDIO), refresh_every=0.0) as it:
        assert await it.call("learn") == "done"
        await it.call("process")
    assert it.agent.offered == [*TOOLS, "learned"]


async def test_the_runtimes_own_action_wins_over_a_tool_of_its_name() -> None:
    def add(a: int, b: int) -> str:
        """Ours."""
        return f"{a} and {b}"

    agent = Caller()
    servers = McpServers([McpServer(command=STDIO)])
    runtime = CopilotRuntime({"default": agent}, actions=[add], remotes=[servers])
    agent.tool, agent.arguments = "add", '{"a":1,"b":2}'
    events = await ran(runtime, asking(follow_up=False))
    await runtime.close()
    assert [e["content"] for e in events if e["type"] == "TOOL_CALL_RESULT"] == ["1 and 2"]
    assert agent.offered.count("add") == 1


async def test_a_server_that_a_front_end_names_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    async with listening() as port, world() as it:
        named = {"mcpServers": [{"endpoint": f"http://127.0.0.1:{port}/mcp"}]}
        with caplog.at_level(logging.WARNING):
            assert await it.call("mcp_echo", named, text="yo") == ""
    assert it.agent.offered == []
    assert "refused" in caplog.text


@pytest.mark.parametrize("key", ["mcpServers", "mcpEndpoints"])
async def test_a_server_that_a_front_end_names_is_called_where_a_pattern_allows_it(
    key: str,
) -> None:
    async with (
        listening() as port,
        world(allowed_from_clients=[f"http://127.0.0.1:{port}/m*"]) as it,
    ):
        allowed = {"endpoint": f"http://127.0.0.1:{port}/mcp", "apiKey": "k"}
        named = {key: [allowed, {"endpoint": "http://169.254.169.254/latest"}, "nonsense"]}
        assert await it.call("mcp_echo", named, text="yo") == '{"echoed":"yo"}'
        assert await it.call("mcp_echo", text="yo") == ""


ALLOWED = ["https://*.example.com/mcp/*", "http://127.0.0.1:9000/mcp"]


@pytest.mark.parametrize(
    "address",
    [
        "https://a.example.com/mcp/x",
        "https://a.example.com:443/mcp/x?y=1",
        "https://A.Example.COM/mcp/",
        "http://127.0.0.1:9000/mcp",
    ],
)
def test_an_address_is_allowed_by_its_parts(address: str) -> None:
    assert AllowedAddresses(ALLOWED).allows(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://a.example.com/mcp/x",
        "https://example.com/mcp/x",
        "https://a.example.com:8443/mcp/x",
        "https://a.example.com/other",
        "https://evil.test/?.example.com/mcp/x",
        "https://evil.test/.example.com/mcp/x",
        "https://evil.test#.example.com/mcp/x",
        "https://a.example.com@evil.test/mcp/x",
        "https://user:pw@a.example.com/mcp/x",
        "https://evil.test\\.example.com/mcp/x",
        "https://a.example.com/mcp/../admin",
        "https://a.example.com/mcp/%2e%2e/admin",
        "https://a.example.com/mcp/%252e%252e/admin",
        "https://a.example.com/mcp/" + "x" * 3000,
        "file:///etc/passwd",
        "http://127.0.0.1:9000/mcp/x",
        "http://[::1]:9000/mcp",
        "",
        "nonsense",
    ],
)
def test_any_other_address_is_refused(address: str) -> None:
    assert not AllowedAddresses(ALLOWED).allows(address)


@pytest.mark.parametrize("pattern", ["*", "example.com", "ftp://x/*", "https://a@b/*"])
def test_a_pattern_that_is_no_address_is_refused(pattern: str) -> None:
    with pytest.raises(Misconfigured, match="MCP pattern"):
        AllowedAddresses([pattern])


@pytest.mark.parametrize("given", [{}, {"url": "http://x", "command": ["x"]}, {"url": "ftp://x"}])
def test_a_server_is_at_one_place(given: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured):
        McpServer(**given)


def test_mcp_is_imported_when_a_server_is_called_and_not_before() -> None:
    script = (
        "import sys; from agui_runtime.connectors.mcp import McpServer, McpServers;"
        "McpServers([McpServer(url='http://127.0.0.1:1/mcp')]); assert 'mcp' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_without_mcp_an_error_names_the_command_that_installs_it() -> None:
    finder = (
        "import sys, importlib.util as it; real = it.find_spec;"
        "it.find_spec = lambda name, *rest: None if name == 'mcp' else real(name, *rest);"
    )
    script = finder + "from agui_runtime.connectors.mcp import McpServers; McpServers()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "--with mcp" in ended.stderr or "-m pip install mcp" in ended.stderr
