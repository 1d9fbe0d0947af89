"""A graph on a real LangGraph server (`langgraph dev`), asked through our runtime."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.events import ANONYMOUS, Caller, Event, Message, RunContext
from agui_runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import kinds, text, tool
from tests.peers.environments import HERE, environment

QUIET = {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The server's origin; it keeps its threads in a folder that goes with it."""
    folder = tmp_path_factory.mktemp("langgraph") / "project"
    shutil.copytree(HERE / "servers" / "langgraph_dev", folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    python = str(environment("langgraph-server"))
    words = [python, "-m", "langgraph_cli", "dev", "--no-browser"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [*words, "--no-reload", "--port", str(port)],
            cwd=folder,
            env={**os.environ, **QUIET},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        origin = f"http://127.0.0.1:{port}"
        _await(f"{origin}/ok", process, folder / "log")
        yield origin
    finally:
        process.terminate()
        process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # a foreign process has no other way to say that it listens
    raise RuntimeError(log.read_text())


@pytest.fixture
async def page(server: str) -> AsyncIterator[Callable[..., Page]]:
    """Makes pages, each on a thread of its own."""
    runtimes: list[CopilotRuntime] = []

    def made(assistant: str = "story", **options: Any) -> Page:  # noqa: ANN401
        agent = LangGraphAgent(server, assistant, **options)
        runtimes.append(CopilotRuntime(agents={"default": agent}))
        return Page(runtimes[-1], str(uuid4()))

    yield made
    for runtime in runtimes:
        await runtime.close()


def called(messages: list[Message]) -> list[dict[str, Any]]:
    return [call for message in messages for call in message.get("toolCalls") or ()]


def snapshots(events: list[Event]) -> list[Any]:
    return [event["snapshot"] for event in events if event["type"] == "STATE_SNAPSHOT"]


async def test_text_thoughts_steps_state_and_token_counts(page: Callable[..., Page]) -> None:
    events = await page().say("[think] hello")

    assert text(events) == "You said: [think] hello"
    assert kinds(events) == [
        "RUN_STARTED",
        "STEP_STARTED",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "STEP_FINISHED",
        "STATE_SNAPSHOT",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
    ]
    assert snapshots(events) == [{"steps": 1}]
    [counts] = events[-1]["usage"]
    assert counts == {"provider": "script", "inputTokens": 3, "outputTokens": 2, "totalTokens": 5}


async def test_the_thread_goes_on(page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("one")
    events = await talk.say("two")

    assert text(events) == "You said: two"
    assert [message["role"] for message in talk.messages] == ["user", "assistant"] * 2
    assert snapshots(events)[-1] == {"steps": 2}


async def test_an_interrupt_is_answered_by_an_older_page(page: Callable[..., Page]) -> None:
    talk = page()
    asked = await talk.say("[weather]")
    again = await talk.go()
    events = await talk.go(forwardedProps={"command": {"resume": "yes"}})

    [question] = [event for event in asked if event["type"] == "CUSTOM"]
    assert question["name"] == "on_interrupt"
    assert question["value"] == '{"question":"May I look?","city":"Oslo"}'
    assert question in again
    assert "TEXT_MESSAGE_START" not in kinds(again)
    assert list(results(events).values()) == ["sunny (yes)"]
    assert text(events) == "Result: sunny (yes)"
    assert {"type": "CUSTOM", "name": "looked", "value": "yes"} in events
    assert [m["role"] for m in talk.messages] == ["user", "assistant", "tool", "assistant"]


async def test_an_interrupt_is_answered_by_its_id(page: Callable[..., Page]) -> None:
    talk = page(structured_interrupts=True)
    asked = await talk.say("[weather]")
    events = await talk.go(resume=resume(asked, "certainly"))

    [interrupt] = asked[-1]["outcome"]["interrupts"]
    assert interrupt["metadata"]["value"] == {"question": "May I look?", "city": "Oslo"}
    assert text(events) == "Result: sunny (certainly)"


async def test_a_front_ends_tool_is_left_to_it(page: Callable[..., Page]) -> None:
    talk = page()
    asked = await talk.say("[show]", tools=[tool("show")])
    [call] = called(talk.messages)
    talk.messages.append({"id": "x", "role": "tool", "toolCallId": call["id"], "content": "shown"})
    events = await talk.go(tools=[tool("show")])

    assert call["function"] == {"name": "show", "arguments": '{"city":"Oslo"}'}
    assert asked[-1]["type"] == "RUN_FINISHED"
    assert text(events) == "Result: shown"


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


async def test_a_stop_ends_the_run_on_the_server(server: str, page: Callable[..., Page]) -> None:
    talk = page()
    talk.messages = [{"id": "u1", "role": "user", "content": "[slow]"}]
    handle = await talk.runtime.start(talk.request())
    said: list[Event] = []
    async for batch in handle.batches():
        said += [record.event for record in batch.records]
        if text(said):
            await handle.stop()
    events = await talk.say("and now?")

    assert said[-1]["outcome"] == {"type": "cancelled"}
    assert text(events) == "You said: and now?"
    async with httpx.AsyncClient() as client:
        runs = (await client.get(f"{server}/threads/{talk.thread}/runs")).json()
    assert "running" not in {run["status"] for run in runs}


async def test_what_the_server_keeps_is_loaded(server: str, page: Callable[..., Page]) -> None:
    talk = page()
    await talk.say("hello")
    fresh = LangGraphAgent(server, "story")
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
