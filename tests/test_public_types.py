"""What type checkers are promised of the public names; `python3 scripts.py check` reads it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal, assert_type

from ag_ui.core import BaseEvent, RawEvent, RunAgentInput
from fastapi import FastAPI

from agui_runtime import (
    Action,
    Agent,
    Caller,
    CopilotRuntime,
    FunctionAgent,
    KeepsState,
    KeptState,
    Options,
    RunContext,
    RunLimits,
    action,
    create_app,
    current_run,
    wrap,
)
from agui_runtime.agents.border import EventAgent
from agui_runtime.wrappers import Wrapper, limited, with_breaker, with_fallback


class Typed:
    """An agent as a user writes it."""

    name = "typed"
    description = "Yields typed events"

    async def run(self, request: RunAgentInput) -> AsyncIterator[BaseEvent]:
        assert_type(request.thread_id, str)
        assert_type(current_run.get(), RunContext)
        yield RawEvent(event=None)

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        assert_type(context.caller, Caller)
        return None


class Passing(Wrapper):
    async def run(self, request: RunAgentInput) -> AsyncGenerator[dict[str, Any], None]:
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                assert_type(event, dict[str, Any])
                yield event


async def texts(request: RunAgentInput) -> AsyncIterator[str]:
    yield "Hello"


def weather(city: str) -> Mapping[str, str]:
    """The weather in a city."""
    return {city: "sunny"}


def test_an_agent_is_whatever_has_its_methods() -> None:
    agent: Agent = Typed()
    keeps: KeepsState = Typed()
    for each in (agent, FunctionAgent(texts), wrap(texts), Passing(texts)):
        assert isinstance(each, Agent)
    assert isinstance(keeps, KeepsState)


def test_wrap_takes_anything_and_gives_an_agent_of_events() -> None:
    request = RunAgentInput(thread_id="t", run_id="r", messages=[])
    assert_type(wrap(Typed()), EventAgent)
    assert_type(wrap(texts, "name", "description"), EventAgent)
    assert_type(wrap(texts).run(request), AsyncGenerator[dict[str, Any], None])
    assert_type(FunctionAgent(texts).run(request), AsyncGenerator[dict[str, Any], None])
    assert_type(limited(with_fallback(Typed(), texts), 2), Wrapper)
    assert_type(with_breaker(texts).state, Literal["closed", "open", "half-open"])
    assert_type(Passing(texts).agent, EventAgent)


def test_actions_are_made_of_functions() -> None:
    assert_type(action(weather), Action)
    assert_type(action(weather, name="look", return_direct=True), Action)


async def test_a_runtime_is_made_of_what_its_users_have() -> None:
    runtime = CopilotRuntime(
        {"default": Typed(), "texts": texts, "built": lambda request: Typed()},
        [weather, action(weather, name="again")],
        options=Options(limits=RunLimits(idle=60)),
    )
    assert_type(runtime, CopilotRuntime)
    assert_type(create_app(runtime), FastAPI)


if TYPE_CHECKING:  # each of these ignores is an error when there is nothing to ignore
    CopilotRuntime([texts])  # type: ignore[arg-type]
    CopilotRuntime({"default": texts}, weather)  # type: ignore[arg-type]
    CopilotRuntime({"default": texts}, limits=RunLimits())  # type: ignore[call-arg]
    FunctionAgent(Typed())  # type: ignore[arg-type]
    action("weather")  # type: ignore[arg-type]
    limited(texts, "two")  # type: ignore[arg-type]
    Typed().run("hello")  # type: ignore[arg-type]
