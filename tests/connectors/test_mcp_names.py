"""Which tools of MCP servers models are offered, and under which names."""

from __future__ import annotations

import logging

import pytest

from agui_runtime.connectors.mcp import McpServer
from agui_runtime.connectors.mcp.tools import model_name
from tests.connectors.test_mcp import world
from tests.fakes.mcp_process import STDIO


async def test_models_are_offered_the_chosen_tools_under_names_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen = McpServer(command=STDIO, only=["add", "process", "gone"], prefix="shop.")
    async with world(chosen) as it:
        with caplog.at_level(logging.WARNING):
            assert await it.call(model_name("shop.add"), a=1, b=2) == "3"
            assert await it.call("add", a=1, b=2) == ""
    assert it.agent.offered == [model_name("shop.add"), model_name("shop.process")]
    assert "lists no tool gone" in caplog.text


async def test_of_two_tools_with_one_name_the_first_counts_and_a_warning_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    servers = [McpServer(command=STDIO, only=["add"], id=each) for each in ("one", "two")]
    async with world(*servers) as it:
        with caplog.at_level(logging.WARNING):
            assert [await it.call("add", a=1, b=2) for _ in range(2)] == ["3", "3"]
    assert caplog.text.count("more than one MCP server has a tool add") == 1
