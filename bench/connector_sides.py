"""Ways to read a provider's answer, each in a process of its own: a library by itself, and the
connector over it. See `bench connectors`.

As a program, `python -m bench.connector_sides litellm ours URL burst` reads an answer for each line
of its input, and prints for each what it was.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from time import process_time
from typing import TypeAlias
from uuid import uuid4

import httpx
import orjson
import uvloop
from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import EventAgent, wrap
from agui_runtime.core.errors import MissingExtra
from bench.provider import CHUNKS, TEXT

Talk: TypeAlias = Callable[[], AsyncIterator[str | None]]
"""The pieces of one answer."""

Side: TypeAlias = Callable[[str, str], Talk]
"""By the address of the provider and the name of its model."""

QUESTION = "go"


def request() -> RunAgentInput:
    message = {"id": str(uuid4()), "role": "user", "content": QUESTION}
    lists = {"messages": [message], "tools": [], "context": []}
    ids = {"threadId": str(uuid4()), "runId": str(uuid4())}
    return RunAgentInput.model_validate({**ids, "state": {}, "forwardedProps": {}, **lists})


async def _spoken(agent: EventAgent) -> AsyncIterator[str | None]:
    async for event in agent.run(request()):
        if event["type"] == "TEXT_MESSAGE_CONTENT":
            yield event["delta"]


def _ours(agent: object) -> Talk:
    """What an agent of ours says, as a runtime reads it."""
    return partial(_spoken, wrap(agent))


def _httpx(url: str, model: str) -> Talk:
    client = httpx.AsyncClient(timeout=None)
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": QUESTION}]}

    async def talk() -> AsyncIterator[str | None]:
        async with client.stream("POST", f"{url}/chat/completions", json=body) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    for choice in orjson.loads(line[6:])["choices"]:
                        yield choice["delta"].get("content")

    return talk


def _openai_agent(url: str, model: str) -> Talk:
    from agui_runtime.connectors.openai import OpenAIAgent

    return _ours(OpenAIAgent(model, base_url=url))


def _litellm(url: str, model: str) -> Talk:
    litellm = importlib.import_module("litellm")
    messages = [{"role": "user", "content": QUESTION}]
    known = {"model": f"openai/{model}", "base_url": url, "api_key": "sk-1"}
    counted = {"include_usage": True}  # as ours has it: limits and bills need the counts

    async def talk() -> AsyncIterator[str | None]:
        answer = await litellm.acompletion(
            messages=messages, stream=True, stream_options=counted, **known
        )
        async for chunk in answer:
            for choice in chunk.choices:
                yield choice.delta.content

    return talk


def _litellm_agent(url: str, model: str) -> Talk:
    from agui_runtime.connectors.litellm import LiteLLMAgent

    return _ours(LiteLLMAgent(f"openai/{model}", base_url=url, api_key="sk-1"))


def _agentscope(url: str, model: str) -> Talk:
    clerk = importlib.import_module("bench.connector_clerk")
    build = clerk.builder(url, model)

    async def talk() -> AsyncIterator[str | None]:
        async for event in build().reply_stream(clerk.message(QUESTION)):
            if event.type == "TEXT_BLOCK_DELTA":
                yield event.delta

    return talk


def _agentscope_agent(url: str, model: str) -> Talk:
    from agui_runtime.connectors.agentscope import AgentScopeAgent

    build = importlib.import_module("bench.connector_clerk").builder(url, model)
    return _ours(AgentScopeAgent(lambda state, _: build(state)))


def _graph(url: str, model: str) -> Talk:
    talk: Talk = importlib.import_module(GRAPHS).bare(url, model, QUESTION)
    return talk


def _adapter(url: str, model: str) -> Talk:
    adapter = importlib.import_module(GRAPHS).adapter(url, model)

    async def talk() -> AsyncIterator[str | None]:
        async for event in adapter.run(request()):
            if event.type == "TEXT_MESSAGE_CONTENT":
                yield event.delta

    return talk


def _graph_agent(url: str, model: str) -> Talk:
    from agui_runtime.connectors.langgraph import GraphAgent

    return _ours(GraphAgent(importlib.import_module(GRAPHS).adapter(url, model)))


GRAPHS = "tests.peers.servers.talking_graph"

SIDES: Mapping[str, Mapping[str, Side]] = {
    "OpenAIAgent": {"bare": _httpx, "ours": _openai_agent},
    "LiteLLM": {"bare": _litellm, "ours": _litellm_agent},
    "AgentScope": {"bare": _agentscope, "ours": _agentscope_agent},
    "LangGraph": {"bare": _graph, "adapter": _adapter, "ours": _graph_agent},
}
"""`adapter` is what `ours` stands on, which is not ours."""


async def main(library: str, side: str, url: str, model: str) -> None:
    try:
        talk = SIDES[library][side](url, model)
    except (ImportError, MissingExtra) as missing:
        print(json.dumps({"missing": str(missing)}), flush=True)
        return
    while await asyncio.to_thread(sys.stdin.readline):
        began = process_time()
        text = "".join([piece async for piece in talk() if piece])
        cpu = (process_time() - began) / CHUNKS * 1e6
        print(json.dumps({"cpu": cpu, "whole": text == TEXT}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
