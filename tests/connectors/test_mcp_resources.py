"""Resources of MCP servers, which models list and read by two tools of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from agui_runtime.connectors.mcp import McpServer
from tests.connectors.test_mcp import World, error_of, world
from tests.fakes.mcp_process import STDIO
from tests.fakes.mcp_raw import RawMcp
from tests.support import served

PRICES = "file:///etc/prices"


@asynccontextmanager
async def raw(server: RawMcp, **more: object) -> AsyncIterator[World]:
    async with (
        served(server.app) as origin,
        world(McpServer(url=f"{origin}/mcp", **more)) as it,  # type: ignore[arg-type]  # any
    ):
        yield it


async def test_models_list_and_read_what_a_server_has() -> None:
    server = McpServer(command=STDIO, only=["add"], prefix="shop_", resources=True)
    async with world(server) as it:
        listed = json.loads(await it.call("shop_list_resources"))
        assert [each["uri"] for each in listed] == [PRICES]
        assert await it.call("shop_read_resource", uri=PRICES) == "secret"
        for wrong in ("file:///etc/passwd", "no address", 7):
            assert error_of(await it.call("shop_read_resource", uri=wrong))["code"]
    assert it.agent.offered == ["shop_add", "shop_list_resources", "shop_read_resource"]


async def test_a_file_is_an_attachment_and_what_is_malformed_is_words() -> None:
    picture = {"uri": "x://a.png", "mimeType": "image/png", "blob": "eA=="}
    contents = [picture, {"uri": "x://b", "text": "words"}, 7, {"uri": "x://c"}]
    async with raw(RawMcp(result={"contents": contents}), resources=True) as it:
        found = await it.call("read_resource", uri="x://a.png")
    assert "'type': 'image'" in found
    assert "words" in found


async def test_without_being_wanted_nothing_is_offered() -> None:
    async with world(McpServer(command=STDIO, only=["add"])) as it:
        assert await it.call("read_resource", uri=PRICES) == ""
    assert it.agent.offered == ["add"]


@pytest.mark.parametrize(
    ("tools", "words"),
    [
        (b'{"tools": [], "nextCursor": "on"}', "more than 100 pages of tools"),
        (b'{"tools": 7}', "answers tools/list with no list"),
    ],
)
async def test_a_list_that_is_none_or_never_ends_leaves_the_server_out(
    tools: bytes, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Endless(RawMcp):
        def _result(self, asked: object) -> object:
            found = super()._result(asked)  # type: ignore[arg-type]  # JSON
            is_list = isinstance(asked, dict) and asked["method"] == "tools/list"
            return json.loads(tools) if is_list else found

    async with raw(Endless()) as it:
        with caplog.at_level(logging.WARNING):
            assert await it.call("anything") == ""
    assert words in caplog.text
