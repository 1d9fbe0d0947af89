"""A model of OpenAI's behind CopilotKit: `uvicorn --factory examples.openai_app:app`.

The same for every server that speaks like OpenAI: give its `base_url`.
"""

import os

from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.openai import OPENAI, ChatOptions, OpenAIAgent


def get_weather(city: str) -> dict[str, object]:
    """Get the weather in a city."""
    return {"city": city, "celsius": 21}


def app(base_url: str = OPENAI, api_key: str = os.environ.get("OPENAI_API_KEY", "")) -> FastAPI:
    """The app; the model knows its part from `instructions`, and may look up the weather."""
    assistant = OpenAIAgent(
        "gpt-4o-mini",
        api_key=api_key,
        base_url=base_url,
        instructions="You are a travel agent. Answer in one sentence.",
        options=ChatOptions(extra={"temperature": 0.2}),
    )
    return create_app(CopilotRuntime(agents={"default": assistant}, actions=[get_weather]))
