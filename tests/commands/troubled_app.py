"""Agents that fail as the page about trouble says, for `serve`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.openai import OpenAIAgent

KEY = "sk-veryverysecretkey0123456789"
MODEL, NOBODY = os.environ["MODEL_URL"], os.environ["NOBODY_URL"]


async def mistyped(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield {"type": "TEXT_MESSAGE_STRAT", "messageId": "m"}


async def broken(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "Well"}
    raise RuntimeError("out of order")


runtime = CopilotRuntime(
    agents={
        "default": OpenAIAgent("gpt-4o-mini", api_key=KEY, base_url=MODEL),
        "unreachable": OpenAIAgent("gpt-4o-mini", api_key=KEY, base_url=f"{NOBODY}/v1"),
        "mistyped": mistyped,
        "broken": broken,
        "remote": AGUIAgent(f"{NOBODY}/agent"),
    },
    remotes=[McpServers([McpServer(url=f"{os.environ['ELSEWHERE_URL']}/wrong")])],
)
