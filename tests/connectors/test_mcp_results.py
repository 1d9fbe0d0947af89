"""MCP servers as they are: odd names and schemas, pictures and sounds, refusals of HTTP."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from agui_runtime.app import create_app
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.mcp.tools import model_name
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.connectors.shared.chat.request import ChatOptions
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.test_mcp import World, error_of
from tests.fakes.endpoint import Endpoint
from tests.fakes.mcp_raw import RawMcp
from tests.support import served
from tests.wires.agui.serving import run_body

NOTHING = {"type": "object", "properties": {}}
HELLO = {"content": [{"type": "text", "text": "hello"}]}
PIXELS = base64.b64encode(b"pixels" * 1000).decode()
PICTURE = {"type": "image", "data": PIXELS, "mimeType": "image/png"}
SOUND = {"type": "audio", "data": PIXELS, "mimeType": "audio/wav"}


def tool(name: str, **more: object) -> dict[str, Any]:
    return {"name": name, "inputSchema": NOTHING, **more}


@asynccontextmanager
async def raw_world(server: RawMcp, path: str = "/mcp") -> AsyncIterator[World]:
    async with served(server.app) as origin:
        it = World(McpServers([McpServer(url=origin + path, connect_timeout=5, timeout=5)]))
        try:
            yield it
        finally:
            await it.runtime.close()


NAMES = [
    "ns.tool/x",
    "ns_tool_x",
    "ns.tool_x",
    "wetter für Köln",
    "x" * 65,
    "x" * 66,
    "工具",
    "a:b",
]


async def test_tools_are_called_by_their_own_names_whatever_models_are_told() -> None:
    server = RawMcp([tool(name) for name in NAMES], HELLO)
    async with raw_world(server) as it:
        await it.call("none")
        offered = it.agent.offered
        for name in offered:
            assert await it.call(name) == "hello"
    assert all(re.fullmatch("[A-Za-z0-9_-]{1,64}", name) for name in offered)
    assert len(set(offered)) == len(NAMES)
    assert [name for name, _ in server.called] == NAMES


def test_a_name_that_needs_no_change_has_none_and_others_are_the_same_everywhere() -> None:
    assert model_name("get-weather_2") == "get-weather_2"
    assert model_name("ns.tool/x") == "ns_tool_x_e61196d1"


@pytest.mark.parametrize(
    ("schema", "offered"),
    [
        (None, NOTHING),
        ("nonsense", NOTHING),
        (True, NOTHING),
        ({"type": "object"}, NOTHING),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"type": "object", "properties": ["a"], "required": "a"}, NOTHING),
        ({"type": ["object", "null"], "properties": {}}, NOTHING),
    ],
)
async def test_a_tool_with_an_odd_schema_hides_no_other(
    schema: object, offered: dict[str, Any]
) -> None:
    odd = {"name": "odd", "inputSchema": schema} if schema is not None else {"name": "odd"}
    server = RawMcp([{"description": "nameless"}, 5, odd, tool("plain")], HELLO)
    async with raw_world(server) as it:
        assert await it.call("odd") == "hello"
        assert it.agent.offered == ["odd", "plain"]
        tools = await it.servers.offer(it.context)
    assert tools.tools[0].tool.parameters == offered


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (HELLO, "nothing structured"),
        (HELLO | {"structuredContent": {"n": "one"}}, "'one' is not of type 'integer'"),
    ],
)
async def test_a_schema_that_its_own_server_breaks_costs_a_warning(
    result: Mapping[str, Any], problem: str, caplog: pytest.LogCaptureFixture
) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    async with raw_world(RawMcp([tool("a", outputSchema=schema)], result)) as it:
        assert await it.call("a") == "hello"
    [warning] = [each for each in caplog.records if "breaks its own schema" in each.getMessage()]
    assert warning.levelno == logging.WARNING
    assert problem in warning.getMessage()


async def test_a_schema_that_cannot_be_understood_costs_a_warning_too() -> None:
    for schema in ({"type": "no such type"}, {"$ref": "http://127.0.0.1:9/schema"}):
        result = HELLO | {"structuredContent": {"n": 1}}
        async with raw_world(RawMcp([tool("a", outputSchema=schema)], result)) as it:
            assert await it.call("a") == "hello"


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ({"content": []}, ""),
        ({}, ""),
        ({"content": [], "structuredContent": {"n": 1}}, '{"n":1}'),
        ({"content": [{"type": "resource", "resource": {"uri": "a://b", "text": "t"}}]}, "t"),
        (
            {"content": [{"type": "resource_link", "uri": "a://b", "name": "B"}]},
            "[resource a://b (B)]",
        ),
        ({"content": [{"type": "hologram", "data": PIXELS, "name": "x"}]}, "[hologram] x"),
        ({"content": [{"type": "image"}]}, "[image: image/*]"),
    ],
)
async def test_what_is_only_words_is_text(result: Mapping[str, Any], text: str) -> None:
    async with raw_world(RawMcp([tool("a")], result)) as it:
        assert await it.call("a") == text


async def test_a_tool_that_says_that_it_failed_says_so_in_words() -> None:
    result = {"content": [{"type": "text", "text": "no"}, PICTURE], "isError": True}
    async with raw_world(RawMcp([tool("a")], result)) as it:
        assert error_of(await it.call("a"))["message"] == "no\n[image: image/png]"


async def test_a_result_that_is_too_large_is_a_failure() -> None:
    result = {"content": [{"type": "text", "text": "x" * 5_000_000}]}
    async with raw_world(RawMcp([tool("a")], result)) as it:
        assert "over 4 MiB" in error_of(await it.call("a"))["message"]


ASKS = [
    {"index": 0, "id": "t1", "type": "function", "function": {"name": "shot", "arguments": "{}"}}
]


def answers(delta: Mapping[str, Any], finish: str) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return b"data: " + json.dumps({"choices": choices}).encode() + b"\n\ndata: [DONE]\n\n"


class Provider(Endpoint):
    """Calls the tool first, then says something."""

    async def _answer(self, request: Any) -> Any:  # noqa: ANN401
        calls = not self.seen or self.seen[-1][1]["messages"][-1]["role"] == "tool"
        first = {"tool_calls": ASKS} if not self.seen else {"content": "ok"}
        self.blocks = [answers(first, "tool_calls" if calls and not self.seen else "stop")]
        return await super()._answer(request)


async def told_to(
    model: str,
    parts: Sequence[Mapping[str, Any]],
    **options: Any,  # noqa: ANN401  # those of ChatOptions
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What a model of that name is told of such a result: in the run, and when a page of before
    AG-UI 1.0 has sent it back.
    """
    provider, mcp = Provider(), RawMcp([tool("shot")], {"content": list(parts)})
    async with served(provider.app) as base, served(mcp.app) as origin:
        remotes = [McpServers([McpServer(url=f"{origin}/mcp")])]
        far = OpenAIAgent(model, base_url=f"{base}/v1", options=ChatOptions(**options))
        app = create_app(CopilotRuntime({"default": far}, remotes=remotes))
        async with served(app) as page, httpx.AsyncClient() as client:
            url = f"{page}/copilotkit/agent/default/run"
            frames = (await client.post(url, json=run_body("hi", thread="t1"))).text
            events = [json.loads(it[6:]) for it in frames.split("\n") if it.startswith("data: ")]
            assert events[-1]["type"] == "RUN_FINISHED", events[-1]
            [result] = [each for each in events if each["type"] == "TOOL_CALL_RESULT"]
            assert isinstance(result["content"], str)
            function = {"name": "shot", "arguments": "{}"}
            history = [
                {"id": "u1", "role": "user", "content": "hi"},
                {
                    "id": "a1",
                    "role": "assistant",
                    "toolCalls": [{"id": "t1", "type": "function", "function": function}],
                },
                {"id": "r", "role": "tool", "toolCallId": "t1", "content": result["content"]},
                {"id": "u2", "role": "user", "content": "and?"},
            ]
            await client.post(url, json=run_body("x", thread="t2", messages=history))
    return provider.seen[1][1]["messages"], provider.seen[2][1]["messages"]


SEEN = [
    {"type": "text", "text": "[what the tool call t1 returned]"},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXELS}"}},
]
SEE = {"type": "text", "text": "see"}


async def test_models_that_can_see_are_shown_pictures() -> None:
    first, later = await told_to("gpt-4o", [SEE, PICTURE, SOUND])
    assert first[-2:] == [
        {"role": "tool", "tool_call_id": "t1", "content": first[-2]["content"]},
        {"role": "user", "content": SEEN},
    ]
    assert first[-2]["content"].startswith("see\n[image: image/png]\n[attachment audio (audio/wav")
    assert later[2:4] == first[-2:]


async def test_other_models_are_told_of_pictures_in_words() -> None:
    for model, options in (("m", {}), ("gpt-4o", {"senses": ()})):
        first, later = await told_to(model, [SEE, PICTURE], **options)
        assert first[-1]["content"].startswith("see\n[attachment image (image/png, ")
        assert PIXELS not in json.dumps([first, later])


async def test_models_that_can_hear_are_given_sounds() -> None:
    first, _ = await told_to("m", [SOUND], senses=("audio",))
    audio = {"type": "input_audio", "input_audio": {"data": PIXELS, "format": "wav"}}
    assert first[-1]["content"][1] == audio


BAD: list[tuple[str, tuple[int, str, bytes], str]] = [
    ("initialize", (404, "text/plain", b"no"), "HTTP 404 at /mcp"),
    ("initialize", (401, "application/json", b"{}"), "HTTP 401 at /mcp"),
    ("initialize", (405, "text/plain", b""), "HTTP 405 at /mcp"),
    ("initialize", (500, "text/plain", b"Traceback"), "HTTP 500 at /mcp"),
    ("initialize", (200, "text/html", b"<html>"), "HTTP 200 at /mcp with text/html; is it the URL"),
    ("tools/list", (503, "text/plain", b""), "HTTP 503 at /mcp"),
]


@pytest.mark.parametrize(("method", "refusal", "words"), BAD)
async def test_a_refusal_of_http_is_told_with_its_status_and_path(
    method: str,
    refusal: tuple[int, str, bytes],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = RawMcp([tool("a")], HELLO, {method: refusal})
    async with raw_world(server, "/mcp?key=secret1") as it:
        assert await it.call("a") == ""
    [line] = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert words in line
    assert "secret1" not in line


async def test_a_refused_call_tells_its_status_and_no_key_of_the_path() -> None:
    refusals = {"tools/call": (403, "text/plain", b"")}
    server = RawMcp([tool("a")], HELLO, refusals)
    async with raw_world(server, "/k3y0123456789abcdef/mcp?token=secret1") as it:
        message = error_of(await it.call("a"))["message"]
    assert "HTTP 403 at /[hidden]/mcp" in message
    assert "secret1" not in message
