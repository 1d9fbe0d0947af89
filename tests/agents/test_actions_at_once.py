"""Actions that begin while the agent that called them still speaks, where it leaves calls to us."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from uuid import uuid4

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import calls_at_once
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event, Topics
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.wrappers import limited, with_fallback
from agui_runtime.wrappers.guardrails import Guardrail
from agui_runtime.wrappers.handoff import with_handoff
from tests.fakes.model import ModelServer
from tests.runtime.worlds import Scripted, asking, call, kinds, ran, text, told
from tests.stores.conftest import redis as redis
from tests.stores.servers import RedisServer


class Model:
    """Calls, waits until it is let go, and speaks on; like models, it leaves calls to others."""

    name = "model"
    description = "A model"
    calls_at_once = True

    def __init__(self, *events: Event, rest: tuple[Event, ...] = ()) -> None:
        self.events = events
        self.rest = rest
        self.go = asyncio.Event()
        self.failure: Exception | None = None
        self.times = 0

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.times += 1
        if self.times > 1:
            return
        for event in self.events:
            yield event
        await self.go.wait()
        if self.failure is not None:
            raise self.failure
        for event in self.rest:
            yield event


class Patient(Model):
    """The same for an agent that does not say so: it may ask a person first, or answer itself."""

    calls_at_once = False


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    server: RedisServer = request.getfixturevalue("redis")
    return RedisStore(server.url, prefix=uuid4().hex)


async def test_actions_begin_side_by_side_while_the_model_still_speaks() -> None:
    model = Model(*call("c1", "first", "{}"), *call("c2", "second", "{}"))
    begun = asyncio.Barrier(2)

    async def first() -> str:
        await begun.wait()
        return "one"

    async def second() -> str:
        await begun.wait()
        model.go.set()  # it waits for both
        return "two"

    events = await ran(CopilotRuntime({"default": model}, [first, second]), asking())
    results = [event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert results == ["one", "two"]


async def test_results_follow_what_the_model_said_in_the_order_of_the_calls() -> None:
    rest = (*text("m1", "There."), *call("c3", "third", "{}"))
    model = Model(*call("c1", "slow", "{}"), *call("c2", "quick", "{}"), rest=rest)
    late = asyncio.Event()

    async def slow() -> str:
        await late.wait()
        return "slow"

    async def quick() -> str:
        model.go.set()
        return "quick"

    async def third() -> str:
        late.set()
        return "third"

    events = await ran(CopilotRuntime({"default": model}, [slow, quick, third]), asking())
    emitted = kinds(events)
    assert emitted.index("TOOL_CALL_RESULT") > emitted.index("TEXT_MESSAGE_END")
    results = [event["toolCallId"] for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert results == ["c1", "c2", "c3"]


async def test_a_call_is_in_the_log_before_its_action_begins(store: Store) -> None:
    model = Model(*call("c1", "look", '{"n": 1}'))
    stored: list[str] = []

    async def look(n: int) -> int:
        end = await store.log.end("t1")
        async with aclosing(store.log.follow("t1", None)) as batches:
            async for batch in batches:
                stored.extend(record.event["type"] for record in batch.records)
                if batch.cursor == end:
                    break
        model.go.set()
        return n

    runtime = CopilotRuntime({"default": model}, [look], store=store)
    async with runtime.lifespan():
        await ran(runtime, asking())
    assert stored[-1] == "TOOL_CALL_END"


async def test_an_agent_that_does_not_say_so_ends_before_its_actions_begin() -> None:
    agent = Patient(*call("c1", "look", "{}"))
    order: list[str] = []

    async def look() -> None:
        order.append("action")

    runtime = CopilotRuntime({"default": agent}, [look])
    handle = await runtime.start(asking())
    async with aclosing(handle.batches()) as batches:
        seen: list[str] = []
        while "TOOL_CALL_END" not in seen:
            seen += [record.event["type"] for record in (await anext(batches)).records]
    order.append("agent")
    agent.go.set()
    await told(handle)
    assert order == ["agent", "action"]


class Acting:
    """An action that begins, and lasts until it is cancelled."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def act(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()


async def test_an_action_is_cancelled_when_its_model_fails() -> None:
    acting, model = Acting(), Model(*call("c1", "act", "{}"))
    model.failure = ModelFailure("the model broke off", "MODEL_STREAM_BROKEN")
    handle = await CopilotRuntime({"default": model}, [acting.act]).start(asking())
    await acting.begun.wait()
    model.go.set()
    events = await told(handle)
    assert acting.cancelled.is_set()
    assert kinds(events)[-2:] == ["TOOL_CALL_RESULT", "RUN_ERROR"]
    assert events[-2]["metadata"] == {"cut": "error"}


async def test_an_action_is_cancelled_when_its_run_is_stopped() -> None:
    acting, model = Acting(), Model(*call("c1", "act", "{}"))
    handle = await CopilotRuntime({"default": model}, [acting.act]).start(asking())
    await acting.begun.wait()
    await handle.stop()
    events = await told(handle)
    assert acting.cancelled.is_set()
    assert events[-2]["metadata"] == {"cut": "stopped"}


async def test_an_action_that_fails_early_is_a_result_like_all_others() -> None:
    model = Model(*call("c1", "fail", "{}"), *call("c2", "look", "{}"))

    async def fail() -> None:
        raise RuntimeError("kaboom")

    async def look() -> str:
        model.go.set()
        return "seen"

    events = await ran(CopilotRuntime({"default": model}, [fail, look]), asking())
    results = [event["content"] for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert "HANDLER_ERROR" in results[0]
    assert results[1] == "seen"


class Denying:
    """A guardrail that denies when it is let go."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        await self.go.wait()
        return "no"


async def test_no_action_begins_before_the_guardrails_agree() -> None:
    acting, model, guardrail = Acting(), Model(*call("c1", "act", "{}")), Denying()
    guardrails: list[Guardrail] = [guardrail]
    runtime = CopilotRuntime({"default": model}, [acting.act], guardrails=guardrails)
    handle = await runtime.start(asking())
    async with aclosing(handle.batches()) as batches:
        seen: list[str] = []
        while "TOOL_CALL_ARGS" not in seen:
            seen += [record.event["type"] for record in (await anext(batches)).records]
    guardrail.go.set()
    assert (await told(handle))[-1]["code"] == "GUARDRAILS_VALIDATION_FAILED"
    assert not acting.begun.is_set()


WRAPPED: Mapping[str, Callable[[object], object]] = {
    "limited": lambda agent: limited(agent, 1),
    "with a fallback alike": lambda agent: with_fallback(agent, Model()),
    "with handoffs alike": lambda agent: with_handoff(agent, {"other": Model()}),
}


@pytest.mark.parametrize("wrapped", list(WRAPPED.values()), ids=list(WRAPPED))
def test_wrappers_do_as_what_they_wrap(wrapped: Callable[[object], object]) -> None:
    assert calls_at_once(wrapped(Model()))
    assert not calls_at_once(wrapped(Patient()))


def test_a_chain_is_as_patient_as_its_most_patient_agent() -> None:
    assert not calls_at_once(with_fallback(Model(), Scripted()))
    assert not calls_at_once(with_handoff(Model(), {"other": Scripted()}))


async def test_the_call_of_a_real_model_is_carried_out_before_its_answer_ends() -> None:
    acting = Acting()

    async def find(title: str) -> None:
        await acting.act()

    async def count(shelf: int) -> int:
        return shelf

    async with ModelServer() as server:
        agent = OpenAIAgent("m", api_key="k", base_url=server.url)
        runtime = CopilotRuntime({"default": agent}, [find, count])
        prompt = '[tool:find {"title":"Dune"}] [tool:count {"shelf":7}] [hang:8]'
        handle = await runtime.start(asking(prompt))
        await acting.begun.wait()  # the model will say nothing more
        await handle.stop()
        events = await told(handle)
        await agent.close()
    assert "TOOL_CALL_END" in kinds(events)
    assert acting.cancelled.is_set()
