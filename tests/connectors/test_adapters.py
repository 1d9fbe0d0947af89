"""Other frameworks' adapters in our process, their parts played by fakes; `tests/peers` has the
frameworks themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import KeptState
from agui_runtime.agents.border import alive
from agui_runtime.connectors.langgraph import GraphAgent
from agui_runtime.connectors.shared.speech import Speech
from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.connectors.talk import kinds
from tests.runtime.worlds import text

UUID = "6f2b5f0e-2f0e-4d0f-9a51-0f4b2f0f1a11"


@dataclass
class Question:
    """An interrupt of LangGraph."""

    id: str


@dataclass
class Task:
    interrupts: list[Question]


@dataclass
class Snapshot:
    values: dict[str, Any]
    tasks: list[Task] = field(default_factory=list)


@dataclass
class Stored:
    """A message of LangChain."""

    type: str
    id: str
    content: str
    tool_call_id: str = ""

    def model_dump(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, "content": self.content}


@dataclass
class Graph:
    """A compiled graph; without threads, it has no checkpointer."""

    threads: dict[str, dict[str, Any]] | None = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)

    async def aget_state(self, config: dict[str, Any]) -> Snapshot:
        if self.threads is None:
            raise ValueError("No checkpointer set")
        return Snapshot(self.threads.get(config["configurable"]["thread_id"], {}), self.tasks)


class Adapter:
    """Has the manners of ag-ui-langgraph: a clone for each run, RAW events, `rawEvent` fields."""

    name = "adapter"

    def __init__(self, graph: Graph | None = None, *events: Event) -> None:
        self.graph = graph or Graph()
        self.events = events or text("m1", "Hi")
        self.requests: list[RunAgentInput] = []

    def clone(self) -> Adapter:
        twin = Adapter(self.graph, *self.events)
        twin.requests = self.requests
        return twin

    async def run(self, input: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(input)
        yield {"type": "RAW", "event": {"on": "chain"}}
        for event in self.events:
            yield {**event, "rawEvent": {"on": "chain"}}


@dataclass
class Streamed(Graph):
    """A compiled graph; `schemas` are the configurations for which one was made."""

    schemas: list[object] = field(default_factory=list)

    async def astream_events(self, version: str) -> AsyncIterator[dict[str, Any]]:
        for name in ("on_chain_start", "on_chat_model_stream", "on_chain_end"):
            yield {"event": name, "version": version}

    def get_input_jsonschema(self, config: object = None) -> dict[str, Any]:
        self.schemas.append(config)
        return {"properties": {}}


class StreamingAdapter(Adapter):
    """Has the manners of a recent ag-ui-langgraph: it emits RAW events unless it is not to."""

    emit_raw_events = True

    def __init__(self, graph: Streamed) -> None:
        super().__init__(graph)
        self.graph: Streamed = graph

    def clone(self) -> StreamingAdapter:
        return StreamingAdapter(self.graph)

    async def run(self, input: RunAgentInput) -> AsyncIterator[Event]:
        self.graph.get_input_jsonschema({"thread": input.thread_id})
        async for event in self.graph.astream_events("v2"):
            if self.emit_raw_events:
                yield {"type": "RAW", "event": event}
        for event in self.events:
            yield event


def context(owner: str) -> RunContext:
    return RunContext(Caller(owner), request_id="q")


async def test_the_noise_of_an_adapter_is_left_out() -> None:
    events = await Page(CopilotRuntime(agents={"default": Adapter()})).say("hi")

    assert "RAW" not in kinds(events)
    assert "rawEvent" not in str(events)
    assert "TEXT_MESSAGE_CONTENT" in kinds(events)


async def test_what_happens_in_a_graph_is_a_sign_of_life_that_needs_no_event() -> None:
    signs: list[None] = []
    alive.set(lambda: signs.append(None))
    adapter = StreamingAdapter(Streamed())
    agent = GraphAgent(adapter)
    for run in ("r1", "r2"):
        request = RunAgentInput.model_validate({"threadId": "t", "runId": run, "messages": []})
        assert kinds([event async for event in agent.run(request)]) == kinds(text("m1", "Hi"))

    assert len(signs) == 6
    assert adapter.emit_raw_events  # its owner's, who may run it otherwise
    assert len(adapter.graph.schemas) == 1


async def test_a_graphs_threads_are_its_callers_and_side_requests_have_none() -> None:
    adapter = Adapter()
    runtime = CopilotRuntime(agents={"default": GraphAgent(adapter)})
    page = Page(runtime, UUID)
    await page.say("hi")
    await page.say("suggest", ephemeral=True)
    await Page(runtime, UUID + "0", Caller("ann")).say("hi")
    await Page(runtime, UUID + "1", Caller("bob")).say("hi")

    threads = [request.thread_id for request in adapter.requests]
    assert threads[0] == UUID
    assert len(set(threads)) == 4


async def test_what_the_checkpointer_holds_is_loaded_for_its_caller() -> None:
    stored = [
        Stored("human", "u1", "Hello"),
        Stored("ai", "a1", "Hi"),
        Stored("system", "s", "secret"),
    ]
    agent = GraphAgent(Adapter(Graph({UUID: {"messages": stored, "steps": 1}})))

    state = await agent.kept_state(UUID, context("anonymous"))
    user = {"id": "u1", "role": "user", "content": "Hello"}
    assistant = {"id": "a1", "role": "assistant", "content": "Hi"}
    assert state == KeptState({"steps": 1}, [user, assistant])
    assert await agent.kept_state(UUID, context("ann")) is None


async def test_a_graph_without_a_checkpointer_keeps_nothing() -> None:
    agent = GraphAgent(Adapter(Graph(None)))
    assert await agent.kept_state(UUID, context("anonymous")) is None


async def test_what_a_graph_says_by_hand_is_told_as_it_is_meant() -> None:
    call = {"id": "c1", "name": "show", "args": {"city": "Rome"}}
    emitted = {
        "copilotkit_manually_emit_message": {"message_id": "m1", "message": "One moment."},
        "copilotkit_manually_emit_tool_call": call,
        "copilotkit_manually_emit_intermediate_state": {"steps": 7, "messages": []},
        "copilotkit_exit": {},
        "other": {"plain": True},
    }
    events = [{"type": "CUSTOM", "name": name, "value": it} for name, it in emitted.items()]
    page = Page(CopilotRuntime(agents={"default": GraphAgent(Adapter(None, *events))}))
    events = await page.say("hi")

    assert [message.get("content") for message in page.messages][:2] == ["hi", "One moment."]
    assert page.messages[2]["toolCalls"][0]["function"]["arguments"] == '{"city":"Rome"}'
    assert [e["snapshot"] for e in events if e["type"] == "STATE_SNAPSHOT"] == [{"steps": 7}]
    assert [e["name"] for e in events if e["type"] == "CUSTOM"] == ["Exit", "other"]


async def test_what_no_sdk_would_emit_is_an_error_of_its_own() -> None:
    broken = {"type": "CUSTOM", "name": "copilotkit_manually_emit_message", "value": "hi"}
    page = Page(CopilotRuntime(agents={"default": GraphAgent(Adapter(None, broken))}))
    events = await page.say("hi")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_PROTOCOL_ERROR")


@pytest.mark.parametrize(
    "answer",
    [
        {"forwardedProps": {"command": {"resume": "yes"}}},
        {
            "resume": [
                {"interruptId": id_, "status": "resolved", "payload": "yes"} for id_ in ("q1", "q2")
            ]
        },
    ],
)
async def test_several_questions_are_answered_by_their_ids(answer: dict[str, Any]) -> None:
    adapter = Adapter(Graph(tasks=[Task([Question("q1")]), Task([Question("q2")])]))
    page = Page(CopilotRuntime(agents={"default": GraphAgent(adapter)}), UUID)
    await page.go(**answer)

    [request] = adapter.requests
    assert request.forwarded_props == {"command": {"resume": {"q1": "yes", "q2": "yes"}}}
    assert not request.resume


async def test_an_adapter_starts_the_graph_anew_and_leaves_the_request_as_it_was() -> None:
    class Untidy(Adapter):
        def clone(self) -> Untidy:
            return self

        async def run(self, input: RunAgentInput) -> AsyncIterator[Event]:
            assert input.state is not None
            input.state["messages"] = [object()]
            async for event in super().run(input):
                yield event

    adapter = Untidy()
    page = Page(CopilotRuntime(agents={"default": GraphAgent(adapter)}))
    events = await page.say("hi", state={"a": 1}, forwardedProps={"nodeName": "chat", "p": 1})

    assert adapter.requests[0].forwarded_props == {"p": 1}
    assert events[0]["input"]["state"] == {"a": 1}


async def test_results_have_one_id_for_the_page_and_one_for_the_checkpoint() -> None:
    result = {"messageId": "c1", "toolCallId": "c1", "role": "tool", "content": "sunny"}
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    asking = {"id": "a1", "role": "assistant", "toolCalls": [call]}
    answer = {"id": "kept", "role": "tool", "toolCallId": "c1", "content": "sunny"}
    user = {"id": f"{UUID}-u0", "role": "user", "content": "hi"}
    messages = [user, asking, answer, {"id": "a2", "role": "assistant", "content": "Sunny."}]
    graph = Graph({UUID: {"messages": [Stored("tool", "kept", "sunny", "c1")]}})
    started = {"toolCallId": "c1", "toolCallName": "look", "parentMessageId": "a1"}
    adapter = Adapter(
        graph,
        {"type": "TOOL_CALL_START", **started},
        {"type": "TOOL_CALL_END", "toolCallId": "c1"},
        {"type": "TOOL_CALL_RESULT", **result},
        *text("a2", "Sunny."),
        {"type": "MESSAGES_SNAPSHOT", "messages": messages},
    )
    page = Page(CopilotRuntime(agents={"default": GraphAgent(adapter)}), UUID)
    await page.say("hi")
    shown = [message["id"] for message in page.messages]
    await page.go()

    assert shown == [f"{UUID}-u0", "a1", "c1", "a2"]
    assert [m.id for m in adapter.requests[1].messages if m.role == "tool"] == ["kept"]


def test_a_block_that_goes_on_after_another_is_a_new_message() -> None:
    speech = Speech()
    events = [*speech.say("text", "b", "One"), *speech.say("reasoning", "r", "hm")]
    events += [*speech.say("text", "b", ""), *speech.say("text", "b", "Two"), *speech.close()]

    assert speech.spoken == ["b", "r", "b-2"]
    assert kinds(events) == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
    ]


async def test_attachments_stay_what_they_are_though_adapters_know_pictures_alone() -> None:
    pdf = {"type": "data", "value": "QUJD", "mimeType": "application/pdf"}
    parts = [
        {"type": "text", "text": "Read it"},
        {"type": "document", "source": pdf, "metadata": {"filename": "a.pdf"}},
    ]
    picture = [parts[0], {"type": "image", "source": pdf}]
    messages = [
        {"id": "u1", "role": "user", "content": picture},
        {"id": "u2", "role": "user", "content": "other words now"},
    ]
    adapter = Adapter(None, {"type": "MESSAGES_SNAPSHOT", "messages": messages})
    page = Page(CopilotRuntime({"default": GraphAgent(adapter)}))
    page.messages = [
        {"id": "u1", "role": "user", "content": parts},
        {"id": "u2", "role": "user", "content": [{"type": "text", "text": "words"}]},
    ]
    await page.go()
    assert [message["content"] for message in page.messages] == [parts, "other words now"]
