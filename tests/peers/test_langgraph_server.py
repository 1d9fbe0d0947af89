"""A graph on a real LangGraph server (`langgraph dev`), asked through our runtime."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.core.events import ANONYMOUS, Caller, Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors import story
from tests.connectors.page import Page, results
from tests.connectors.scenes import SCENES
from tests.connectors.talk import text, user
from tests.fakes.model import ModelServer
from tests.fakes.options import as_options
from tests.peers.langgraph_dev import langgraph_dev


class Server(NamedTuple):
    """A LangGraph server, and the model behind its graph."""

    origin: str
    model: ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with ModelServer() as model, langgraph_dev(model.url) as origin:
        yield Server(origin, model)


@pytest.fixture
async def page(server: Server) -> AsyncIterator[Callable[..., Page]]:
    """Makes pages, each on a thread of its own."""
    runtimes: list[CopilotRuntime] = []

    def made(assistant: str = "story", **options: Any) -> Page:  # noqa: ANN401
        agent = LangGraphAgent(server.origin, assistant, **as_options(options))
        runtimes.append(CopilotRuntime(agents={"default": agent}))
        return Page(runtimes[-1], str(uuid4()))

    yield made
    for runtime in runtimes:
        await runtime.close()


def snapshots(events: list[Event]) -> list[Any]:
    return [event["snapshot"] for event in events if event["type"] == "STATE_SNAPSHOT"]


@pytest.mark.parametrize("chapter", story.CHAPTERS)
async def test_the_story_is_the_same(chapter: str, page: Callable[..., Page]) -> None:
    assert await story.CHAPTERS[chapter](page()) == story.EXPECTED[chapter]


async def test_an_interrupt_is_answered_by_its_id(page: Callable[..., Page]) -> None:
    talk = page(structured_interrupts=True)
    assert await story.CHAPTERS["interrupt"](talk) == story.EXPECTED["interrupt"]


async def test_interrupts_side_by_side_are_all_answered(page: Callable[..., Page]) -> None:
    for scene in ("two-interrupts", "two-interrupts-one-answer"):
        *_, answered = await SCENES[scene].play(page(**SCENES[scene].options))
        assert sorted(results(answered).values()) == ["sunny in Oslo", "sunny in Rome"]


async def test_what_a_graph_says_by_hand_is_told_in_its_place(page: Callable[..., Page]) -> None:
    [events] = await SCENES["by-hand"].play(page())

    assert text(events) == "One moment.You said: [emit] hello"
    assert snapshots(events) == [{"steps": 7}, {"steps": 1}]


async def test_what_an_agent_within_a_tool_says_is_shown(page: Callable[..., Page]) -> None:
    [events] = await SCENES["expert"].play(page())
    assert text(events) == "You said: whyTool result: You said: why"


async def test_a_graph_foretells_its_state(page: Callable[..., Page]) -> None:
    [events] = await SCENES["document"].play(page())
    names = [event["name"] for event in events if event["type"] == "CUSTOM"]
    assert names == ["PredictState"]
    assert snapshots(events)[-1] == {"steps": 2, "document": "Once upon a time"}


async def test_a_run_may_take_as_many_steps_as_it_is_given(page: Callable[..., Page]) -> None:
    [events] = await SCENES["again"].play(page())
    assert (events[-1]["type"], "GraphRecursionError" in events[-1]["message"]) == (
        "RUN_ERROR",
        True,
    )
    [events] = await SCENES["again"].play(page(**SCENES["again"].options))
    assert snapshots(events)[-1] == {"steps": 30}


async def test_graphs_find_what_pages_offer(page: Callable[..., Page]) -> None:
    [events] = await SCENES["given"].play(page())
    given = json.loads(text(events))
    assert [tool["name"] for tool in given["ag-ui"]["tools"]] == ["show"]
    assert given["ag-ui"]["inject_a2ui_tool"] is True


async def test_attachments_go_through_a_graph_and_back(page: Callable[..., Page]) -> None:
    pdf = {"type": "data", "value": "QUJD", "mimeType": "application/pdf"}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "[given]"},
        {"type": "document", "source": pdf, "metadata": {"filename": "a.pdf"}},
        {"type": "audio", "source": {"type": "url", "value": "https://x.test/a.mp3"}},
        {"type": "video", "source": {"type": "file", "value": "f1", "provider": "google"}},
    ]
    talk = page()
    talk.messages = [user(parts)]
    await talk.go()
    assert talk.messages[0] == user(parts)


async def test_the_thread_goes_on(page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("one")
    events = await talk.say("two")

    assert text(events) == "You said: two"
    assert [message["role"] for message in talk.messages] == ["user", "assistant"] * 2
    assert snapshots(events)[-1] == {"steps": 2}


async def test_another_answer_replaces_the_first(page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("one")
    await talk.say("two")
    talk.messages = talk.messages[:1]
    events = await talk.go()
    talk.messages = talk.messages[:1]
    talk.messages[0] = {"id": "other", "role": "user", "content": "three"}
    changed = await talk.go()

    assert text(events) == "You said: one"
    assert [message["role"] for message in talk.messages] == ["user", "assistant"]
    assert text(changed) == "You said: three"


async def test_a_failed_graph_keeps_its_secrets(page: Callable[..., Page]) -> None:
    talk = page()
    failed = await talk.say("[fail]")
    talk.messages.pop()
    events = await talk.say("hello")

    assert (failed[-1]["type"], failed[-1]["code"]) == ("RUN_ERROR", "AGENT_ERROR")
    assert "ValueError" in failed[-1]["message"]
    assert "swordfish" not in failed[-1]["message"]
    assert text(events) == "You said: hello"


async def test_a_stop_ends_the_run_on_the_server(server: Server, page: Callable[..., Page]) -> None:
    talk = page()
    await story.CHAPTERS["stop"](talk)
    await server.model.hung_up()
    events = await talk.say("and now?")

    assert text(events) == "You said: and now?"
    async with httpx.AsyncClient() as client:
        runs = (await client.get(f"{server.origin}/threads/{talk.thread}/runs")).json()
    assert "running" not in {run["status"] for run in runs}


async def test_what_the_server_keeps_is_loaded(server: Server, page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("hello")
    fresh = LangGraphAgent(server.origin, "story")
    kept = await fresh.kept_state(talk.thread, RunContext(ANONYMOUS, request_id="q"))
    foreign = await fresh.kept_state(talk.thread, RunContext(Caller("ann"), request_id="q"))
    await fresh.close()

    assert kept is not None
    assert kept.state["steps"] == 1
    assert list(kept.messages) == talk.messages
    assert foreign is None


async def test_suggestions_leave_the_thread_alone(page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("one")
    kept = list(talk.messages)
    aside = await talk.say("suggest", ephemeral=True)
    talk.messages = kept
    events = await talk.say("two")

    assert text(aside) == "You said: suggest"
    assert snapshots(events)[-1] == {"steps": 2}


async def test_a_graph_that_the_server_does_not_have(page: Callable[..., Page]) -> None:
    events = await page("nothing").say("hello")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "REMOTE_REFUSED")
