"""Resources of MCP servers, which models list and read by two tools of ours."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.mcp.results import LARGEST
from tests.connectors.test_mcp import World, error_of, world
from tests.fakes.mcp_process import STDIO
from tests.fakes.mcp_raw import RawMcp
from tests.support import served

ENDLESS = {"tools": [], "nextCursor": "on"}
PRICES = "file:///etc/prices"


@dataclass
class Lists(RawMcp):
    """Gives that for each page of a kind's list, after a while; `pages` counts them."""

    kind: str = "tools"
    page: object = None
    takes: float = 0.0
    pages: int = 0

    async def _answer(self, request: Request) -> Response:
        if f'"{self.kind}/list"'.encode() in await request.body():
            self.pages += 1
            await asyncio.sleep(self.takes)
        return await super()._answer(request)

    def _result(self, asked: Mapping[str, Any]) -> object:
        is_list = asked["method"] == f"{self.kind}/list"
        return self.page if is_list else super()._result(asked)


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
        (ENDLESS, "more than 100 pages of tools"),
        ({"tools": 7}, "answers tools/list with no list"),
    ],
)
async def test_a_list_that_is_none_or_never_ends_leaves_the_server_out(
    tools: object, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Lists(page=tools)
    async with raw(server) as it:
        with caplog.at_level(logging.WARNING):
            assert await it.call("anything") == ""
        pages = server.pages
        assert await it.call("anything") == ""
    assert words in caplog.text
    assert (pages > 0, server.pages) == (True, pages), "it is not listed again at once"


async def test_all_pages_of_a_list_have_the_time_of_one_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with raw(Lists(page=ENDLESS, takes=0.02), timeout=0.5) as it:
        with caplog.at_level(logging.WARNING):
            assert await it.call("anything") == ""
    assert "took longer than 0.5 s" in caplog.text


async def test_a_list_of_resources_that_is_too_large_is_refused() -> None:
    many = {"resources": [{"uri": "x://a", "description": "x" * LARGEST}]}
    async with raw(Lists(kind="resources", page=many), resources=True) as it:
        assert "over 4 MiB" in error_of(await it.call("list_resources"))["message"]
