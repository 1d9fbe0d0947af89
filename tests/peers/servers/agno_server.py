"""agno serving, at `/agui`, an agent whose model is the endpoint that the second argument names."""

import sys

import uvicorn
from agno.agent import Agent
from agno.db.in_memory import InMemoryDb
from agno.models.openai import OpenAIChat
from agno.os.interfaces.agui import AGUI
from fastapi import FastAPI


def weather(city: str) -> str:
    """The weather."""
    return f"sunny in {city}"


model = OpenAIChat(id="script", api_key="none", base_url=sys.argv[2])
agent = Agent(name="agno", model=model, tools=[weather], db=InMemoryDb(), telemetry=False)
app = FastAPI()
app.include_router(AGUI(agent=agent).get_router())
uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning")
