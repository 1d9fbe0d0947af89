"""One agent of three answers, and is named first: `uvicorn --factory examples.router_app:app`.

A page learns it from the event `agui_runtime.routed`; its `properties.scope` says where the user
is, and `properties.agent` whom the user has chosen.
"""

import os
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.openai import OPENAI, OpenAIAgent
from agui_runtime.wrappers import with_router


async def opening_hours(request: RunAgentInput) -> AsyncIterator[str]:
    """Knows when we are open."""
    yield "From nine to five, on weekdays."


def app(base_url: str = OPENAI, api_key: str = os.environ.get("OPENAI_API_KEY", "")) -> FastAPI:
    """The app, with two models, an agent that needs none, and a small model that decides."""

    def model(name: str, instructions: str = "") -> OpenAIAgent:
        return OpenAIAgent(name, api_key=api_key, base_url=base_url, instructions=instructions)

    tasks = model("gpt-4o", "You keep the user's tasks.")
    notes = model("gpt-4o", "You keep the user's notes.")
    assistant = with_router(
        {"tasks": tasks, "notes": notes, "hours": opening_hours},
        rules={"tasks": ["todo", "remind me"], "hours": ["open", "opening hours"]},
        classify=model("gpt-4o-mini"),
        domains={"tasks": "planning", "notes": "knowledge", "hours": "shop"},
    )
    return create_app(CopilotRuntime(agents={"default": assistant}))
