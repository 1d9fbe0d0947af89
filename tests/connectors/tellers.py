"""Who tells the story: each connector behind a runtime of its own, and what it cannot tell."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import orjson
from starlette.applications import Starlette
from starlette.routing import Route

from agui_runtime.app import create_app
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.openai import OpenAIAgent, Patience
from agui_runtime.runtime import CopilotRuntime
from tests.connectors import story
from tests.connectors.clerk import asked_first, clerk, free
from tests.connectors.narrator import narrator
from tests.connectors.page import Page
from tests.connectors.test_langgraph import THREAD, Replayed, recorded
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
async def _openai(chapter: str) -> AsyncIterator[Page]:
    async with ModelServer() as model:
        agent = OpenAIAgent("m", api_key="sk-1", base_url=model.url, patience=ONCE)
        async with _page(CopilotRuntime({"default": agent}, [story.forecast])) as page:
            yield page


@asynccontextmanager
async def _litellm(chapter: str) -> AsyncIterator[Page]:
    async with ModelServer() as model:
        agent = LiteLLMAgent("openai/m", api_key="sk-1", base_url=model.url, patience=ONCE)
        async with _page(CopilotRuntime({"default": agent}, [story.forecast])) as page:
            yield page


@asynccontextmanager
async def _agentscope(chapter: str) -> AsyncIterator[Page]:
    """Its tools are its own."""
    async with ModelServer() as model:
        agent = clerk(model, free(story.forecast), asked_first(story.weather))
        async with _page(CopilotRuntime({"default": agent})) as page:
            yield page


@asynccontextmanager
async def _agui(chapter: str) -> AsyncIterator[Page]:
    """Our own server is the far side."""
    far = CopilotRuntime({"far": narrator}, [story.forecast])
    async with served(create_app(far)) as origin:
        agent = AGUIAgent(f"{origin}/copilotkit/agent/far/run", patience=ONCE)
        async with _page(CopilotRuntime({"default": agent})) as page:
            yield page


@asynccontextmanager
async def _copilotkit(chapter: str) -> AsyncIterator[Page]:
    """Our own remote endpoint is the far side, its agent and its actions found out."""
    far = CopilotRuntime({"far": narrator}, [story.forecast])
    async with served(create_app(far, remote_path="/remote")) as origin:
        endpoint = RemoteEndpoint(f"{origin}/remote", patience=ONCE)
        async with _page(CopilotRuntime({}, remotes=[endpoint]), "far") as page:
            yield page


@asynccontextmanager
async def _langgraph(chapter: str) -> AsyncIterator[Page]:
    """What a LangGraph server once said, with the story's words in the place of its own."""
    name, thread, words = _RECORDED[chapter]
    answers = [{**each, "answer": _reworded(each["answer"], words)} for each in recorded(name)]
    server = Replayed(answers if len(answers) > 1 else [_NEW_THREAD, *answers])
    app = Starlette(routes=[Route("/{path:path}", server.answer, methods=["POST"])])
    async with served(app) as origin:
        agent = LangGraphAgent(origin, "story", structured_interrupts=True)
        async with _page(CopilotRuntime({"default": agent})) as page:
            page.thread = f"{THREAD}{thread}"  # its messages are recorded with their ids
            yield page


_NEW_THREAD = {"status": 404, "type": "application/json", "answer": "{}"}
_RESULT = {'"Result: ': '"Tool result: '}
_RECORDED: dict[str, tuple[str, int, dict[str, str]]] = {
    "text": ("ephemeral", 5, {"suggest": story.PLAIN}),
    "reasoning": ("chat", 0, {"[think] hello": story.THOUGHTFUL}),
    "frontend tool": ("frontend-tool", 3, {"[show]": story.SHOW, **_RESULT}),
    "state": ("ephemeral", 5, {"suggest": story.STATEFUL}),
    "interrupt": (
        "structured",
        2,
        {"[weather]": story.WEATHER, "sunny (certainly)": "sunny in Oslo", **_RESULT},
    ),
}


def _reworded(answer: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        quoted = new if old.startswith('"') else orjson.dumps(new).decode()[1:-1]
        answer = answer.replace(old, quoted)
    return answer


TELLERS: dict[str, Teller] = {
    "function": _function,
    "OpenAI": _openai,
    "LiteLLM": _litellm,
    "AgentScope": _agentscope,
    "AG-UI": _agui,
    "CopilotKit": _copilotkit,
    "LangGraph": _langgraph,
}

_A_MODEL = "a model alone keeps no state and asks nobody"
CANNOT: dict[tuple[str, str], str] = {
    ("OpenAI", "state"): _A_MODEL,
    ("OpenAI", "interrupt"): _A_MODEL,
    ("LiteLLM", "state"): _A_MODEL,
    ("LiteLLM", "interrupt"): _A_MODEL,
    ("AgentScope", "state"): "an agent's state is its own affair, and no front end sees it",
    ("CopilotKit", "reasoning"): "neither of its dialects has thoughts",
    **{
        ("LangGraph", chapter): "not among what was recorded; tests/peers asks a real server"
        for chapter in story.CHAPTERS.keys() - _RECORDED.keys()
    },
}
