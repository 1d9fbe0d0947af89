"""A graph in the process of a runtime of ours, behind the real adapters, asked by another one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import uuid4

import pytest

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors import story
from tests.connectors.page import Page, results
from tests.connectors.scenes import BOTH, SCENES
from tests.connectors.talk import text
from tests.fakes.model import ModelServer
from tests.peers.ours import serving


@pytest.fixture(scope="module")
def graphs() -> Iterator[str]:
    """The origin of the graphs' runtime."""
    app = "tests.peers.servers.graph_app:app"
    with ModelServer() as model, serving(app, "adapters", MODEL_URL=model.url) as origin:
        yield origin


@asynccontextmanager
async def talking(graphs: str, adapter: str) -> AsyncIterator[Page]:
    agent = AGUIAgent(f"{graphs}/copilotkit/agent/{adapter}/run")
    runtime = CopilotRuntime({"default": agent})
    async with runtime.lifespan():
        yield Page(runtime, str(uuid4()))


@pytest.mark.parametrize("adapter", ["ag-ui", "copilotkit", "structured"])
@pytest.mark.parametrize("chapter", story.CHAPTERS)
async def test_the_story_is_the_same(chapter: str, adapter: str, graphs: str) -> None:
    async with talking(graphs, adapter) as page:
        assert await story.CHAPTERS[chapter](page) == story.EXPECTED[chapter]


@pytest.mark.parametrize(
    ("adapter", "scene"),
    [
        ("ag-ui", "two-interrupts-one-answer"),
        ("copilotkit", "two-interrupts-one-answer"),
        ("structured", "two-interrupts"),
    ],
)
async def test_interrupts_side_by_side_are_all_answered(
    adapter: str, scene: str, graphs: str
) -> None:
    async with talking(graphs, adapter) as page:
        asked, *_, answered = await SCENES[scene].play(page)

    assert BOTH in str(asked)
    assert sorted(results(answered).values()) == ["sunny in Oslo", "sunny in Rome"]


@pytest.mark.parametrize("adapter", ["ag-ui", "copilotkit"])
async def test_what_a_graph_says_by_hand_is_told_as_it_is_meant(adapter: str, graphs: str) -> None:
    async with talking(graphs, adapter) as page:
        [events] = await SCENES["by-hand"].play(page)

    assert text(events) == "One moment.You said: [emit] hello"
    assert {"steps": 7} in [e["snapshot"] for e in events if e["type"] == "STATE_SNAPSHOT"]
    calls = [event["type"] for event in events if event.get("toolCallId") == "called-by-hand"]
    assert calls == ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"]
