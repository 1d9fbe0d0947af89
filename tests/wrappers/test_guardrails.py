"""Checks of what a user says, beside the agent that answers: on every wire, so below them all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Event, Topics
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers.guardrails import TopicChecker
from tests.fakes.guardrails import DENIAL, GuardrailsFake
from tests.fakes.model import ModelServer
from tests.runtime.worlds import Scripted, Waiting, asking, call, kinds, ran, text, told
from tests.support import served

TOPICS = Topics(["cats"], ["dogs"])
DENIED = {"type": "RUN_ERROR", "message": DENIAL, "code": "GUARDRAILS_VALIDATION_FAILED"}


class Strict:
    """Denies once it is told to; `None` agrees."""

    def __init__(self, reason: str | None = DENIAL) -> None:
        self.reason = reason
        self.decide = asyncio.Event()
        self.checked = 0
        self.cancelled = False

    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        self.checked += 1
        try:
            await self.decide.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        return self.reason


@asynccontextmanager
async def service(**options: Any) -> AsyncIterator[tuple[GuardrailsFake, TopicChecker]]:  # noqa: ANN401
    fake = GuardrailsFake()
    async with served(fake.app) as origin:
        yield fake, TopicChecker(f"{origin}/guardrails/validate", **options)


async def test_a_denied_run_is_interrupted_and_its_agent_closed() -> None:
    agent, guardrail = Waiting(*text("m1", "You ")[:2]), Strict()
    runtime = CopilotRuntime({"default": agent}, guardrails=[guardrail])
    handle = await runtime.start(asking())
    events: list[Event] = []
    async for batch in handle.batches():
        events += [record.event for record in batch.records]
        if kinds(events)[-1] == "TEXT_MESSAGE_CONTENT":
            guardrail.decide.set()
    assert kinds(events)[-3:] == ["TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_ERROR"]
    assert events[-2]["metadata"] == {"cut": "error"}
    assert events[-1] == DENIED
    assert agent.closed.is_set()


async def test_a_denied_run_closes_the_model_call() -> None:
    guardrail = Strict()
    with ModelServer() as model:
        agent = OpenAIAgent("gpt-4o", api_key="sk-test", base_url=model.url)
        runtime = CopilotRuntime({"default": agent}, guardrails=[guardrail])
        handle = await runtime.start(asking("[hang:2] hello"))
        events = asyncio.create_task(told(handle))
        await model.request()
        guardrail.decide.set()
        await model.hung_up()
        assert (await events)[-1] == DENIED
        await runtime.close()


async def test_text_streams_before_the_guardrails_agree_and_nothing_is_completed() -> None:
    seen: list[str] = []

    def act() -> str:
        """An action."""
        seen.append("acted")
        return "done"

    agent = Scripted(*text("m1", "a", "b"), *call("c1", "act", "{}"))
    guardrail = Strict(None)
    runtime = CopilotRuntime({"default": agent}, actions=[act], guardrails=[guardrail])
    handle = await runtime.start(asking(follow_up=False))
    events: list[Event] = []
    async for batch in handle.batches():
        events += [record.event for record in batch.records]
        if not guardrail.decide.is_set() and kinds(events).count("TEXT_MESSAGE_CONTENT") == 2:
            assert kinds(events)[-1] == "TEXT_MESSAGE_CONTENT"
            assert seen == []
            guardrail.decide.set()
    assert kinds(events)[-2:] == ["TOOL_CALL_RESULT", "RUN_FINISHED"]
    assert seen == ["acted"]


async def test_a_message_told_in_chunks_is_not_completed_before_the_verdict_either() -> None:
    chunks = [
        {"type": "TEXT_MESSAGE_CHUNK", "messageId": id_, "delta": "Well"} for id_ in ("m1", "m2")
    ]
    guardrail = Strict()
    runtime = CopilotRuntime({"default": Waiting(*chunks)}, guardrails=[guardrail])
    handle = await runtime.start(asking())
    events: list[Event] = []
    async for batch in handle.batches():
        events += [record.event for record in batch.records]
        if kinds(events)[-1] == "TEXT_MESSAGE_CONTENT":
            guardrail.decide.set()
    assert [e["messageId"] for e in events if e["type"] == "TEXT_MESSAGE_START"] == ["m1"]
    assert events[-1] == DENIED


async def test_a_denied_call_is_not_carried_out() -> None:
    seen: list[str] = []

    def act() -> None:
        """An action."""
        seen.append("acted")

    agent = Scripted(*call("c1", "act", "{}"))
    guardrail = Strict()
    guardrail.decide.set()
    runtime = CopilotRuntime({"default": agent}, actions=[act], guardrails=[guardrail])
    assert (await ran(runtime, asking()))[-1] == DENIED
    assert seen == []


async def test_what_the_user_said_is_checked_once_though_the_agent_goes_on() -> None:
    def act() -> str:
        """An action."""
        return "done"

    agent = Scripted(*call("c1", "act", "{}"))
    guardrail = Strict(None)
    guardrail.decide.set()
    runtime = CopilotRuntime({"default": agent}, actions=[act], guardrails=[guardrail])
    await ran(runtime, asking())
    assert len(agent.asked) > 1
    assert guardrail.checked == 1


async def test_a_guardrail_that_fails_lets_nothing_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken:
        async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
            raise RuntimeError("secret")

    runtime = CopilotRuntime({"default": Scripted(*text("m1", "x"))}, guardrails=[Broken()])
    events = await ran(runtime, asking())
    assert events[-1]["code"] == "GUARDRAILS_UNAVAILABLE"
    assert "secret" not in events[-1]["message"]
    assert "secret" in caplog.text


async def test_a_run_that_ends_before_the_verdict_ends_the_check() -> None:
    def failing(request: RunAgentInput) -> AsyncIterator[Event]:
        raise RuntimeError("at once")

    guardrail = Strict()
    events = await ran(CopilotRuntime({"default": failing}, guardrails=[guardrail]), asking())
    assert events[-1]["code"] == "AGENT_ERROR"
    assert guardrail.cancelled or guardrail.checked == 0


async def test_a_stopped_run_ends_as_cancelled_though_the_verdict_is_still_out() -> None:
    guardrail, agent = Strict(), Waiting()
    runtime = CopilotRuntime({"default": agent}, guardrails=[guardrail])
    handle = await runtime.start(asking())
    await handle.stop()
    assert (await told(handle))[-1]["outcome"] == {"type": "cancelled"}
    await runtime.close()


async def test_a_page_that_asks_for_guardrails_is_refused_where_there_are_none() -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    with pytest.raises(InvalidInput, match="CopilotRuntime"):
        await runtime.start(asking(topics=TOPICS))


async def test_the_service_is_asked_as_the_reference_asks() -> None:
    messages: list[dict[str, Any]] = [
        {"id": "s", "role": "system", "content": "be nice"},
        {"id": "u1", "role": "user", "content": "hello"},
        {"id": "a1", "role": "assistant", "content": "hi"},
        {"id": "u2", "role": "user", "content": [{"type": "text", "text": "cats?"}]},
        {"id": "a2", "role": "assistant", "content": "wait"},
    ]
    async with service(headers={"X-CopilotCloud-Public-API-Key": "ck"}) as (fake, checker):
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        events = await ran(runtime, asking(messages=messages, topics=TOPICS))
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert fake.keys == ["ck"]
    assert fake.seen == [
        {
            "input": "cats?",
            "messages": [
                {"role": "user", "content": "hello"},
                {"role": "assistant", "content": "hi"},
            ],
            "allowList": ["cats"],
            "denyList": ["dogs"],
        }
    ]


async def test_a_page_can_add_to_what_is_denied_and_take_nothing_away() -> None:
    async with service(allowed=["weather"], denied=["war"]) as (fake, checker):
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        await ran(runtime, asking(topics=TOPICS))
        await ran(runtime, asking("more"))
    assert [(seen["allowList"], seen["denyList"]) for seen in fake.seen] == [
        (["weather"], ["war", "dogs"]),
        (["weather"], ["war"]),
    ]


async def test_without_topics_the_service_is_not_asked() -> None:
    async with service() as (fake, checker):
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        assert kinds(await ran(runtime, asking("forbidden")))[-1] == "RUN_FINISHED"
    assert fake.seen == []


async def test_the_service_denies_with_its_reason() -> None:
    async with service(denied=["war"]) as (_, checker):
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        assert (await ran(runtime, asking("forbidden")))[-1] == DENIED


@pytest.mark.parametrize("words", ["[gr-error]", "[gr-odd]"])
async def test_a_service_that_fails_denies(words: str) -> None:
    async with service(denied=["war"]) as (_, checker):
        runtime = CopilotRuntime({"default": Scripted(*text("m1", "x"))}, guardrails=[checker])
        events = await ran(runtime, asking(words))
    assert events[-1]["code"] == "GUARDRAILS_UNAVAILABLE"
    assert "TEXT_MESSAGE_END" not in kinds(events) or "cut" in events[-2]["metadata"]


async def test_a_service_that_hangs_denies() -> None:
    async with service(denied=["war"], timeout=0.1) as (fake, checker):
        fake.go.clear()
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        events = await ran(runtime, asking("hello"))
        fake.go.set()
    assert events[-1]["code"] == "GUARDRAILS_UNAVAILABLE"


async def test_a_service_that_fails_may_be_told_to_let_everything_through(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with service(denied=["war"], on_failure="allow") as (_, checker):
        runtime = CopilotRuntime({"default": Scripted()}, guardrails=[checker])
        with caplog.at_level(logging.WARNING):
            events = await ran(runtime, asking("[gr-error]"))
    assert kinds(events)[-1] == "RUN_FINISHED"
    assert "unchecked" in caplog.text
