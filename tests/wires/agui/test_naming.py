"""Threads that get their names from their first exchange, where that is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import RunInfo
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.titles import QUESTION, ThreadNamer
from tests.wires.agui.scripted import last_text, say
from tests.wires.agui.serving import run_body, serving

Event = dict[str, Any]


class Ended(Hook):
    """Knows when a thread's run is over, other hooks and all."""

    def __init__(self) -> None:
        self.runs: asyncio.Queue[RunInfo] = asyncio.Queue()

    async def after_run(self, report: RunReport) -> None:
        if not report.context.ephemeral:
            self.runs.put_nowait(report.run)


def titling(title: str) -> Callable[[RunAgentInput], AsyncIterator[Event]]:
    """An agent that greets, and says this when it is asked for a title."""

    async def run(request: RunAgentInput) -> AsyncIterator[Event]:
        wanted = last_text(request).startswith(QUESTION)
        if wanted and title == "fail":
            raise AgentFailure("no idea")
        async for event in say("m1", title if wanted else "Hello"):
            yield event

    return run


async def names(agent: object, *texts: str) -> list[str | None]:
    """The thread's name after each run."""
    runtime, ended = CopilotRuntime(agents={"default": agent}), Ended()
    runtime.add_hook(ThreadNamer(runtime))
    runtime.add_hook(ended)
    found = []
    async with serving(runtime) as client:
        for number, text in enumerate(texts):
            await client.post("/agent/default/run", json=run_body(text, run=f"r{number}"))
            await ended.runs.get()
            [thread] = (await client.get("/threads")).json()["threads"]
            found.append(thread["name"])
    return found


@pytest.mark.parametrize("title", ["A greeting", '"A greeting."', " A\ngreeting\n"])
async def test_a_thread_is_named_after_its_first_exchange(title: str) -> None:
    assert await names(titling(title), "hi") == ["A greeting"]


async def test_a_name_stays() -> None:
    runtime, ended = CopilotRuntime(agents={"default": titling("Made up")}), Ended()
    runtime.add_hook(ThreadNamer(runtime))
    runtime.add_hook(ended)
    async with serving(runtime) as client:
        await client.post("/agent/default/run", json=run_body("hi"))
        await ended.runs.get()
        await client.patch("/threads/t1", json={"name": "Mine"})
        await client.post("/agent/default/run", json=run_body("again", run="r2"))
        await ended.runs.get()
        threads = (await client.get("/threads")).json()["threads"]
    assert [each["name"] for each in threads] == ["Mine"]


async def test_an_agent_without_an_idea_leaves_it_nameless() -> None:
    assert await names(titling("fail"), "hi") == [None]


async def test_an_exchange_without_words_names_nothing() -> None:
    assert await names(titling("Title"), "") == [None]


async def test_a_name_is_short() -> None:
    [name] = await names(titling("word " * 100), "hi")
    assert name is not None
    assert len(name) <= 80
