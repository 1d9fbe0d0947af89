"""An agent that knows what its users told it in earlier conversations."""

from fastapi import FastAPI

from agui_runtime import BearerTokens, CopilotRuntime, Memory, create_app
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.memories.actions import memory_actions
from agui_runtime.wrappers import with_memory


def app(base_url: str, api_key: str) -> FastAPI:
    memory = Memory()
    model = OpenAIAgent("gpt-5", base_url=base_url, api_key=api_key)
    runtime = CopilotRuntime(
        agents={"default": with_memory(model, memory)},
        actions=memory_actions(memory),
        memory=memory,
        authenticate=BearerTokens({"token-of-ann-0001": "ann", "token-of-bob-0002": "bob"}),
    )
    return create_app(runtime)
