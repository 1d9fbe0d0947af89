"""Agents around agents, run by a runtime as users would run them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import KeptState
from agui_runtime.core.errors import InvalidInput, ModelFailure
from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import (
    cached,
    cap,
    drop,
    limited,
    mask,
    transformed,
    with_breaker,
    with_fallback,
)
from agui_runtime.wrappers.cache import MemoryAnswers
from tests.connectors.page import Page
from tests.connectors.talk import text, tool
from tests.runtime.worlds import Scripted, Waiting, call, text as message

KEY = r"sk-\w+"


class Failing:
    """Says its events, then raises."""

    name = "failing"
    description = "Fails"

    def __init__(self, error: Exception, *events: Event) -> None:
        self.error = error
        self.events = events
        self.runs = 0

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.runs += 1
        for event in self.events:
            yield event
        raise self.error


class Keeping(Scripted):
    """Keeps states and connections."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        return KeptState({"of": thread_id})

    async def close(self) -> None:
        self.closed = True


def page(agent: object) -> Page:
    return Page(CopilotRuntime(agents={"default": agent}))


def of(events: Sequence[Event], kind: str) -> list[Event]:
    return [event for event in events if event["type"] == kind]


# Transforms


async def test_what_is_dropped_is_not_told() -> None:
    raw = {"type": "RAW", "event": {"on": "chain"}}
    first, *rest = message("m1", "Hi")
    agent = Scripted(raw, {**first, "rawEvent": {"a": 1}}, *rest)
    events = await page(transformed(agent, drop("RAW"))).say("hi")

    assert of(events, "RAW") == []
    assert of(events, "TEXT_MESSAGE_START") == [first]


@pytest.mark.parametrize("deltas", [["my key is sk-1234, keep it"], list("my key is sk-1234, ok")])
async def test_a_secret_is_masked_however_it_is_cut(deltas: list[str]) -> None:
    agent = Scripted(*message("m1", *deltas))
    events = await page(transformed(agent, mask(KEY, window=8))).say("hi")

    assert "sk-1234" not in text(events)
    assert text(events).startswith("my key is [hidden], ")


async def test_secrets_are_masked_in_results_and_states_and_not_in_arguments() -> None:
    result = {"type": "TOOL_CALL_RESULT", "messageId": "r", "toolCallId": "c1", "content": "sk-1"}
    state = {"type": "STATE_SNAPSHOT", "snapshot": {"keys": ["sk-1"]}}
    agent = Scripted(*call("c1", "open", '{"key":"sk-1"}'), {**result, "role": "tool"}, state)
    events = await page(transformed(agent, mask(KEY))).say("hi")

    assert of(events, "TOOL_CALL_RESULT")[0]["content"] == "[hidden]"
    assert of(events, "STATE_SNAPSHOT")[0]["snapshot"] == {"keys": ["[hidden]"]}
    assert of(events, "TOOL_CALL_ARGS")[0]["delta"] == '{"key":"sk-1"}'


@pytest.mark.parametrize(
    "terminal", [[], [{"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}]]
)
async def test_nothing_is_held_back_of_a_message_without_an_end(terminal: list[Event]) -> None:
    chunk = {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "all sk-1 said"}
    events = await page(transformed(Scripted(chunk, *terminal), mask(KEY))).say("hi")

    assert text(events) == "all [hidden] said"


async def test_long_messages_and_results_are_cut() -> None:
    result = {"type": "TOOL_CALL_RESULT", "messageId": "r", "toolCallId": "c1", "content": "x" * 9}
    emitted = message("m1", "one ", "two ", "three")
    agent = Scripted(*call("c1", "f", "{}"), {**result, "role": "tool"}, *emitted)
    events = await page(transformed(agent, cap(6))).say("hi")

    assert text(events) == "one tw…"
    assert of(events, "TOOL_CALL_RESULT")[0]["content"] == "xxxxxx…"


async def test_transforms_apply_in_their_order_and_each_run_has_its_own() -> None:
    agent = Scripted(*message("m1", "sk-12345678"))
    runtime = CopilotRuntime(agents={"default": transformed(agent, mask(KEY), cap(4))})
    one, two = await asyncio.gather(Page(runtime, "t1").say("hi"), Page(runtime, "t2").say("hi"))
    assert text(one) == text(two) == "[hid…"


async def test_a_wrapped_agent_keeps_its_states_and_is_closed() -> None:
    inner = Keeping()
    wrapped = limited(transformed(inner, drop("RAW")), 2)
    runtime = CopilotRuntime(agents={"default": wrapped})
    state = await wrapped.kept_state("t1", RunContext(caller=page(inner).caller, request_id="q"))
    await runtime.open()
    await runtime.close()

    assert state == KeptState({"of": "t1"})
    assert inner.closed


# Fallback


@pytest.mark.parametrize(
    "agent",
    [
        Failing(RuntimeError("/etc/passwd")),
        Failing(ModelFailure("UNAVAILABLE", "the provider is down")),
        Scripted({"type": "RUN_ERROR", "message": "down", "code": "DOWN"}),
        Failing(RuntimeError(), {"type": "RUN_STARTED", "threadId": "t1", "runId": "r"}),
    ],
)
async def test_another_agent_answers_for_one_that_fails_at_once(
    agent: object, caplog: pytest.LogCaptureFixture
) -> None:
    spare = Scripted(*message("m1", "I can help"))
    events = await page(with_fallback(agent, spare)).say("hi")

    [told] = of(events, "CUSTOM")
    assert told["name"] == "agui_runtime.failed_over"
    assert told["value"]["agent"] == "scripted"
    assert "passwd" not in str(events)
    assert text(events) == "I can help"
    assert "answers" in caplog.text


@pytest.mark.parametrize(
    "agent",
    [Failing(RuntimeError(), *message("m1", "Well")), Failing(InvalidInput("not like this"))],
)
async def test_nobody_else_answers_once_something_was_said_or_wrongly_asked(
    agent: object,
) -> None:
    spare = Scripted(*message("m2", "I can help"))
    events = await page(with_fallback(agent, spare)).say("hi")

    assert events[-1]["type"] == "RUN_ERROR"
    assert spare.asked == []


# Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_an_agent_that_keeps_failing_is_spared_for_a_while() -> None:
    agent, clock = Failing(RuntimeError()), Clock()
    breaker = with_breaker(agent, failures=2, pause=30, clock=clock)
    front = page(breaker)
    codes = [(await front.say("hi"))[-1]["code"] for _ in range(3)]
    assert codes == ["AGENT_ERROR", "AGENT_ERROR", "AGENT_UNAVAILABLE"]
    assert (agent.runs, breaker.closed) == (2, False)

    clock.now = 31
    assert breaker.state == "half-open"
    codes = [(await front.say("hi"))[-1]["code"] for _ in range(2)]
    assert codes == ["AGENT_ERROR", "AGENT_UNAVAILABLE"]
    assert agent.runs == 3


async def test_an_agent_that_has_recovered_is_asked_again() -> None:
    agent, clock = Failing(RuntimeError()), Clock()
    runs: list[object] = [agent, Scripted(*message("m1", "Hi")), Scripted(*message("m2", "Ho"))]
    breaker = with_breaker(lambda request: runs.pop(0), failures=1, pause=30, clock=clock)
    front = page(breaker)
    await front.say("hi")
    clock.now = 31
    assert text(await front.say("hi")) == "Hi"
    assert breaker.closed
    assert text(await front.say("hi")) == "Ho"


async def test_errors_of_the_request_do_not_count() -> None:
    agent = Failing(ModelFailure("CONTEXT_TOO_LONG", "too long"))
    breaker = with_breaker(agent, failures=1)
    await page(breaker).say("hi")
    assert breaker.closed


# Limit


async def test_runs_beyond_the_limit_wait_for_their_turn() -> None:
    agents = [Waiting(*message("m1", "One")), Waiting(*message("m2", "Two"))]
    waiting = list(agents)
    started = [asyncio.Event(), asyncio.Event()]

    def made(request: RunAgentInput) -> Waiting:
        agent = waiting.pop(0)
        started[agents.index(agent)].set()
        return agent

    runtime = CopilotRuntime(agents={"default": limited(made, 1)})
    first = asyncio.create_task(Page(runtime, "t1").say("hi"))
    await started[0].wait()
    second = asyncio.create_task(Page(runtime, "t2").say("hi"))
    assert not started[1].is_set()
    agents[0].go.set()
    agents[1].go.set()
    assert [text(each) for each in await asyncio.gather(first, second)] == ["One", "Two"]


@pytest.mark.parametrize("bounds", [{"waiting": 0}, {"patience": 0.01}])
async def test_who_cannot_wait_is_told_to_come_again(bounds: dict[str, Any]) -> None:
    agent = Waiting()
    runtime = CopilotRuntime(agents={"default": limited(agent, 1, **bounds)})
    front = Page(runtime, "t1")
    handle = await runtime.start(front.request())
    events = await Page(runtime, "t2").say("hi")
    await handle.stop()
    after = asyncio.create_task(Page(runtime, "t3").say("hi"))
    agent.go.set()

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_BUSY")
    assert (await after)[-1]["type"] == "RUN_FINISHED"


# Cache

FINISHED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}
SUGGEST = {"toolChoice": "function", "toolChoiceFunctionName": "extract"}


async def asked_twice(
    agent: Scripted, second: str = "hi", caller: str = "ann"
) -> list[list[Event]]:
    """Two side requests, alike but for their ids, the second's words and its caller."""
    agents = {"default": cached(agent)}
    one = Page(CopilotRuntime(agents), "t1", Caller("ann"))
    two = Page(one.runtime, "t2", Caller(caller))
    options: Any = {"ephemeral": True, "tools": [tool("extract")], "forwardedProps": SUGGEST}
    return [await one.say("hi", **options), await two.say(second, **options)]


async def test_an_equal_side_request_is_answered_from_memory() -> None:
    agent = Scripted(*call("c1", "extract", "{}"), FINISHED)
    first, second = await asked_twice(agent)

    assert len(agent.asked) == 1
    assert of(second, "TOOL_CALL_START") == of(first, "TOOL_CALL_START") != []
    assert second[-1]["threadId"] == "t2"


@pytest.mark.parametrize(
    "events",
    [
        [*call("c1", "delete", "{}"), FINISHED],
        [*message("m1", "Hm"), {"type": "RUN_ERROR", "message": "no"}],
        message("m1", "No end"),
    ],
)
async def test_tools_and_failures_are_not_kept(events: list[Event]) -> None:
    agent = Scripted(*events)
    await asked_twice(agent)
    assert len(agent.asked) == 2


async def test_other_contents_and_other_callers_get_their_own_answers() -> None:
    agent = Scripted(*message("m1", "Hi"), FINISHED)
    await asked_twice(agent, second="something else")
    await asked_twice(agent, caller="bob")
    assert len(agent.asked) == 4


async def test_a_chat_is_never_answered_from_memory() -> None:
    agent = Scripted(*message("m1", "Hi"), FINISHED)
    runtime = CopilotRuntime(agents={"default": cached(agent)})
    await Page(runtime, "t1").say("hi")
    await Page(runtime, "t1x").say("hi")
    assert len(agent.asked) == 2


async def test_memory_forgets_what_is_old_and_what_is_too_much() -> None:
    clock = Clock()
    answers = MemoryAnswers(most=2, seconds=10, clock=clock)
    for key in ("a", "b", "c"):
        await answers.put(key, b"1")
    assert [await answers.get(key) for key in ("a", "b", "c")] == [None, b"1", b"1"]
    clock.now = 11
    assert await answers.get("c") is None
