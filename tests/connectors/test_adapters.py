"""Other frameworks' adapters in our process, their parts played by fakes; `tests/peers` has the
frameworks themselves.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.connectors.base import KeptState
from agui_runtime.connectors.langgraph import GraphAgent
from agui_runtime.connectors.speech import Speech
from agui_runtime.events import Caller, Event, RunContext
from agui_runtime.runtime import CopilotRuntime
from tests.connectors.page import Page
from tests.connectors.talk import kinds
from tests.runtime.worlds import text

UUID = "6f2b5f0e-2f0e-4d0f-9a51-0f4b2f0f1a11"


@dataclass
class Snapshot:
    values: dict[str, Any]


@dataclass
class Said:
    """A message of LangChain."""

    type: str
    id: str
    content: str

    def model_dump(self) -> dict[str, Any]:
        return {"type": self.type, "id": self.id, "content": self.content}


@dataclass
class Graph:
    """A compiled graph; without threads, it has no checkpointer."""

    threads: dict[str, dict[str, Any]] | None = field(default_factory=dict)

    async def aget_state(self, config: dict[str, Any]) -> Snapshot:
        if self.threads is None:
            raise ValueError("No checkpointer set")
        return Snapshot(self.threads.get(config["configurable"]["thread_id"], {}))


class Adapter:
    """Has the manners of ag-ui-langgraph: a clone for each run, RAW events, `rawEvent` fields."""

    name = "adapter"

    def __init__(self, graph: Graph | None = None) -> None:
        self.graph = graph or Graph()
        self.asked: list[str] = []

    def clone(self) -> Adapter:
        twin = Adapter(self.graph)
        twin.asked = self.asked
        return twin

    async def run(self, input: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(input.thread_id)
        yield {"type": "RAW", "event": {"on": "chain"}}
        for event in text("m1", "Hi"):
            yield {**event, "rawEvent": {"on": "chain"}}


def context(owner: str) -> RunContext:
    return RunContext(Caller(owner), request_id="q")


async def test_the_noise_of_an_adapter_is_left_out() -> None:
    events = await Page(CopilotRuntime(agents={"default": Adapter()})).say("hi")

    assert "RAW" not in kinds(events)
    assert "rawEvent" not in str(events)
    assert "TEXT_MESSAGE_CONTENT" in kinds(events)


async def test_a_graphs_threads_are_its_callers_and_side_requests_have_none() -> None:
    adapter = Adapter()
    runtime = CopilotRuntime(agents={"default": GraphAgent(adapter)})
    page = Page(runtime, UUID)
    await page.say("hi")
    await page.say("suggest", ephemeral=True)
    await Page(runtime, UUID + "0", Caller("ann")).say("hi")
    await Page(runtime, UUID + "1", Caller("bob")).say("hi")

    assert adapter.asked[0] == UUID
    assert len(set(adapter.asked)) == 4


async def test_what_the_checkpointer_holds_is_loaded_for_its_caller() -> None:
    said = [Said("human", "u1", "Hello"), Said("ai", "a1", "Hi"), Said("system", "s", "secret")]
    agent = GraphAgent(Adapter(Graph({UUID: {"messages": said, "steps": 1}})))

    kept = await agent.kept_state(UUID, context("anonymous"))
    user = {"id": "u1", "role": "user", "content": "Hello"}
    assistant = {"id": "a1", "role": "assistant", "content": "Hi"}
    assert kept == KeptState({"steps": 1}, [user, assistant])
    assert await agent.kept_state(UUID, context("ann")) is None


async def test_a_graph_without_a_checkpointer_keeps_nothing() -> None:
    agent = GraphAgent(Adapter(Graph(None)))
    assert await agent.kept_state(UUID, context("anonymous")) is None


def test_a_block_that_goes_on_after_another_is_a_new_message() -> None:
    speech = Speech()
    told = [*speech.say("text", "b", "One"), *speech.say("reasoning", "r", "hm")]
    told += [*speech.say("text", "b", ""), *speech.say("text", "b", "Two"), *speech.close()]

    assert speech.spoken == ["b", "r", "b-2"]
    assert kinds(told) == [
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
