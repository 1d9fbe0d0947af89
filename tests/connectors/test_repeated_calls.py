"""Models whose server numbers its calls anew in each answer, so that their ids come again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agui_runtime.agents.agent import Agent
from agui_runtime.connectors.litellm import LiteLLMAgent
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.memory import MemoryStore
from tests.connectors.clerk import clerk, free, messages_to, permitted_first
from tests.connectors.page import Page, results, resume
from tests.connectors.story import forecast
from tests.connectors.talk import text, tool
from tests.connectors.test_agentscope_approvals import DELETE, deleting
from tests.fakes.model import ModelServer

LOOKUP = '[sameids] [tool:lookup {"key":"x"}]'
SHOW = "[sameids] [tool:show {}]"

AGENTS: dict[str, Callable[[ModelServer], Agent]] = {
    "AgentScope": clerk,
    "OpenAI": lambda model: OpenAIAgent("m", api_key="sk-1", base_url=model.url),
    "LiteLLM": lambda model: LiteLLMAgent("openai/m", api_key="sk-1", base_url=model.url),
}

agents = pytest.mark.parametrize("make", AGENTS.values(), ids=AGENTS)


def looking_up() -> tuple[list[str], Callable[[str], str]]:
    """An action, and what it was asked for."""
    question: list[str] = []

    def lookup(key: str) -> str:
        """Look it up."""
        question.append(key)
        return f"{key} is 7"

    return question, lookup


@asynccontextmanager
async def talking(
    make: Callable[[ModelServer], Agent], *actions: Callable[..., Any]
) -> AsyncIterator[tuple[Page, ModelServer]]:
    """A page before that agent, which has these actions, and its model."""
    async with ModelServer() as model:
        runtime = CopilotRuntime({"default": make(model)}, actions)
        async with runtime.lifespan():
            yield Page(runtime), model


def ids(page: Page) -> list[str]:
    """Those of all calls of the conversation."""
    return [call["id"] for message in page.messages for call in message.get("toolCalls") or ()]


@agents
async def test_an_action_is_carried_out_once_in_each_turn(
    make: Callable[[ModelServer], Agent],
) -> None:
    question, lookup = looking_up()
    async with talking(make, lookup) as (page, _):
        await page.say(LOOKUP)
        again = await page.say(LOOKUP)

    assert question == ["x", "x"]
    assert text(again) == "Tool result: x is 7"
    assert len(set(ids(page))) == 2


@agents
async def test_an_action_is_carried_out_for_each_of_two_answers_in_a_run(
    make: Callable[[ModelServer], Agent],
) -> None:
    question, lookup = looking_up()

    def then(key: str) -> str:
        """Look further."""
        question.append(f"then {key}")
        return f"{key} is 8"

    async with talking(make, lookup, then) as (page, _):
        events = await page.say(LOOKUP + ' [then:then {"key":"y"}]')

    assert question == ["x", "then y"]
    assert text(events) == "Tool result: y is 8"
    assert len(set(ids(page))) == 2


@agents
async def test_a_front_ends_results_go_to_the_calls_that_they_answer(
    make: Callable[[ModelServer], Agent],
) -> None:
    offered = [tool("show")]
    async with talking(make) as (page, model):
        for number in (1, 2, 3):
            await page.say(SHOW, tools=offered)
            answer = {"role": "tool", "toolCallId": ids(page)[-1], "content": f"shown {number}"}
            page.messages.append({"id": f"x{number}", **answer})
            events = await page.go(tools=offered)
            assert text(events) == f"Tool result: shown {number}"

    assert len(set(ids(page))) == 3
    answers = {m["tool_call_id"]: m["content"] for m in messages_to(model) if m["role"] == "tool"}
    assert len(answers) == 3


async def test_a_tool_of_an_agents_own_is_told_once_for_each_call() -> None:
    question = '[sameids] [tool:forecast {"city":"Oslo"}] [tool:forecast {"city":"Rome"}]'
    async with talking(lambda model: clerk(model, free(forecast))) as (page, _):
        first = await page.say(question)
        second = await page.say(question + ' [then:forecast {"city":"Bonn"}]')

    told = {**results(first), **results(second)}
    assert sorted(told.values()) == ["sunny in Oslo"] * 2 + ["sunny in Rome"] * 2
    assert set(told) == set(ids(page))


async def test_a_question_about_a_call_is_answered_after_a_restart() -> None:
    deleted, delete = deleting()
    store = MemoryStore()

    def restarted() -> CopilotRuntime:
        return CopilotRuntime({"default": clerk(model, permitted_first(delete))}, store=store)

    async with ModelServer() as model:
        page = Page(restarted())
        for number in (1, 2):
            question = await page.say(f"{DELETE} [sameids]")
            assert len(deleted) == number - 1
            page.runtime = restarted()
            events = await page.go(resume=resume(question, True))
            assert list(results(events)) == ids(page)[-1:]

    assert deleted == ["a", "a"]
    assert len(set(ids(page))) == 2
