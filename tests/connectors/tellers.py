"""Who tells the story: each connector behind a runtime of its own, and what it cannot tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

from agui_runtime.app import create_app
from agui_runtime.connectors.a2a import A2AAgent
from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.openai import OpenAIAgent, Patience
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors import story
from tests.connectors.clerk import clerk, free, permitted_first
from tests.connectors.narrator import narrator
from tests.connectors.page import Page
from tests.connectors.replayed import recorded, talking
from tests.connectors.scenes import CHAPTERS, SCENES, thread_of
from tests.fakes.model import ModelServer
from tests.support import served

World: TypeAlias = AbstractAsyncContextManager[Page]
Teller: TypeAlias = Callable[[str], World]
"""Makes a page before the connector, for the chapter of that name."""

ONCE = Patience(retries=0)


@asynccontextmanager
async def _page(runtime: CopilotRuntime, agent: str | None = None) -> AsyncIterator[Page]:
    async with runtime.lifespan():
        yield Page(runtime, agent=agent)


@asynccontextmanager
async def _function(chapter: str) -> AsyncIterator[Page]:
    async with _page(CopilotRuntime({"default": narrator}, [story.forecast])) as page:
        yield page


@asynccontextmanager
async def _model(made: type[OpenAIAgent | LiteLLMAgent], name: str) -> AsyncIterator[Page]:
    async with ModelServer() as model:
        agent = made(name, api_key="sk-1", base_url=model.url, patience=ONCE)
        async with _page(CopilotRuntime({"default": agent}, [story.forecast])) as page:
            yield page


@asynccontextmanager
async def _agentscope(chapter: str) -> AsyncIterator[Page]:
    """Its tools are its own."""
    async with ModelServer() as model:
        agent = clerk(model, free(story.forecast), permitted_first(story.weather))
        async with _page(CopilotRuntime({"default": agent})) as page:
            yield page


@asynccontextmanager
async def _agui(chapter: str) -> AsyncIterator[Page]:
    """Our own server is the far side."""
    far = CopilotRuntime({"far": narrator}, [story.forecast])
    async with served(create_app(far)) as origin:
        agent = AGUIAgent(
            f"{origin}/copilotkit/agent/far/run", options=RemoteOptions(patience=ONCE)
        )
        async with _page(CopilotRuntime({"default": agent})) as page:
            yield page


@asynccontextmanager
async def _copilotkit(chapter: str) -> AsyncIterator[Page]:
    """Our own remote endpoint is the far side, its agent and its actions found out."""
    far = CopilotRuntime({"far": narrator}, [story.forecast])
    async with served(create_app(far, remote_path="/remote")) as origin:
        endpoint = RemoteEndpoint(f"{origin}/remote", options=RemoteOptions(patience=ONCE))
        async with _page(CopilotRuntime({}, remotes=[endpoint]), "far") as page:
            yield page


@asynccontextmanager
async def _a2a(chapter: str) -> AsyncIterator[Page]:
    """Our own wire is the far side."""
    far = CopilotRuntime({"far": narrator}, [story.forecast])
    async with served(create_app(far, wires=["a2a"])) as origin:
        agent = A2AAgent(f"{origin}/a2a/far", options=RemoteOptions(patience=ONCE))
        async with _page(CopilotRuntime({"default": agent})) as page:
            yield page


@asynccontextmanager
async def _langgraph(chapter: str) -> AsyncIterator[Page]:
    """What a LangGraph server once said to the chapter."""
    scene = next(scene for scene, name in CHAPTERS.items() if name == chapter)
    async with talking(recorded(scene), thread_of(scene), **SCENES[scene].options) as (page, _):
        yield page


TELLERS: dict[str, Teller] = {
    "function": _function,
    "OpenAI": lambda chapter: _model(OpenAIAgent, "m"),
    "LiteLLM": lambda chapter: _model(LiteLLMAgent, "openai/m"),
    "AgentScope": _agentscope,
    "AG-UI": _agui,
    "CopilotKit": _copilotkit,
    "A2A": _a2a,
    "LangGraph": _langgraph,
}

_A_TASK = "a task has no form for thoughts and calls of tools"
_A_MODEL = "a model alone keeps no state and asks nobody"
CANNOT: dict[tuple[str, str], str] = {
    ("OpenAI", "state"): _A_MODEL,
    ("OpenAI", "interrupt"): _A_MODEL,
    ("LiteLLM", "state"): _A_MODEL,
    ("LiteLLM", "interrupt"): _A_MODEL,
    ("AgentScope", "state"): "an agent's state is its own affair, and no front end sees it",
    ("CopilotKit", "reasoning"): "neither of its dialects has thoughts",
    ("A2A", "reasoning"): _A_TASK,
    ("A2A", "backend tool"): _A_TASK,
    ("A2A", "frontend tool"): _A_TASK,
    ("A2A", "parallel tools"): _A_TASK,
    ("A2A", "interrupt"): _A_TASK,  # what is told is the call that was asked about
}
