"""pydantic-ai serving, at `/`, an agent whose model is a function."""

import sys

import uvicorn
from fastapi import FastAPI, Request
from pydantic_ai import Agent
from pydantic_ai.models.function import DeltaThinkingPart, DeltaToolCall, FunctionModel
from pydantic_ai.ui.ag_ui import AGUIAdapter


def last(messages):
    return messages[-1].parts[-1]


async def answer(messages, info):
    """Thinks, then calls the tool that `[tool:name]` names, or says "Hello world"."""
    part = last(messages)
    if part.part_kind == "tool-return":
        yield f"It returned {part.content}"
        return
    if part.content == "[fail]":
        raise RuntimeError("the model fell over")
    yield {0: DeltaThinkingPart(content="Let me think")}
    if part.content.startswith("[tool:"):
        name = part.content[6:-1]
        yield {1: DeltaToolCall(name=name, json_args='{"city":', tool_call_id="call-1")}
        yield {1: DeltaToolCall(json_args='"Rome"}')}
    else:
        yield "Hello "
        yield "world"


agent = Agent(FunctionModel(stream_function=answer))


@agent.tool_plain
def weather(city: str) -> str:
    return f"sunny in {city}"


app = FastAPI()


@app.post("/")
async def run(request: Request):
    return await AGUIAdapter.dispatch_request(request, agent=agent)


uvicorn.run(app, fd=int(sys.argv[1]), log_level="warning")
