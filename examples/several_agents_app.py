"""Agents that call each other and hand over: `uvicorn --factory examples.several_agents_app:app`.

A page may name one of them, `<CopilotChat agentId="desk">`. Where it names none, `default` answers,
and calls the others as tools.
"""

import os
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.openai import OPENAI, OpenAIAgent
from agui_runtime.wrappers import with_handoff


async def opening_hours(request: RunAgentInput) -> AsyncIterator[str]:
    """Knows when we are open."""
    yield "From nine to five, on weekdays."


def app(base_url: str = OPENAI, api_key: str = os.environ.get("OPENAI_API_KEY", "")) -> FastAPI:
    """The app, with a model in front, one for bills, and an agent that needs no model."""

    def model(instructions: str) -> OpenAIAgent:
        return OpenAIAgent(
            "gpt-4o-mini", api_key=api_key, base_url=base_url, instructions=instructions
        )

    desk = with_handoff(model("You greet customers."), {"billing": model("You explain bills.")})
    agents = {"default": model("You know our shop."), "desk": desk, "hours": opening_hours}
    return create_app(CopilotRuntime(agents=agents))
