"""Agents that fail in the ways that agents do, in an app that any ASGI server may serve."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime import AgentFailure, CopilotRuntime, create_app
from agui_runtime.connectors.openai import OpenAIAgent

SAID = {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": "hi"}
KEY = "sk-veryverysecretkey0123456789"


async def broken(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield SAID
    raise RuntimeError(f"boom with {KEY}\nand a second line")


async def mistyped(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield {"type": "TEXT_MESSAGE_STRAT", "messageId": "m"}


async def unwilling(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield SAID
    raise AgentFailure("not today", "NOT_TODAY")


async def reporting(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield {"type": "RUN_ERROR", "message": "out of paper", "code": "PAPER"}


async def fine(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    yield SAID


app = create_app(
    CopilotRuntime(
        agents={
            "broken": broken,
            "mistyped": mistyped,
            "unwilling": unwilling,
            "reporting": reporting,
            "unreachable": OpenAIAgent(
                "m", api_key=KEY, base_url=os.environ.get("NOBODY", "http://127.0.0.1:9/v1")
            ),
            "fine": fine,
        }
    )
)
