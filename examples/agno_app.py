"""An Agno agent in the same process: `uvicorn examples.agno_app:app`.

Needs: pip install agno openai
"""

from collections.abc import AsyncIterator

from ag_ui.core import BaseEvent, RunAgentInput
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.openai import OpenAIChat
from agno.os.interfaces.agui.router import run_entity

from agui_runtime import CopilotRuntime, create_app


def weather(city: str) -> str:
    """Tell the weather."""
    return f"sunny in {city}"


model = OpenAIChat(id="gpt-4o-mini")
# Agno goes on after a tool of the front end's only where it has a database.
agent = Agent(model=model, tools=[weather], db=InMemoryDb(), telemetry=False)


def answer(request: RunAgentInput) -> AsyncIterator[BaseEvent]:
    """Tells the weather."""
    return run_entity(agent, request)


app = create_app(CopilotRuntime(agents={"default": answer}))
