"""An A2A agent elsewhere that does not stream: its task is looked at, and can be stopped."""

from __future__ import annotations

import asyncio

import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.connectors.a2a import following
from tests.connectors.page import Page
from tests.connectors.talk import all_events, ask, text
from tests.connectors.test_a2a import SUBMITTED, talking_to, task
from tests.fakes.a2a_server import Far, Json


async def test_an_agent_that_does_not_stream_is_looked_at_until_its_task_ends() -> None:
    whole = task("COMPLETED", {"artifactId": "a", "parts": [{"text": "Hello"}]})
    states = iter([task("WORKING"), whole])
    answers = {
        "SendMessage": lambda params: {"result": SUBMITTED},
        "GetTask": lambda params: {"result": next(states)},
    }
    far = Far(answers, card={"capabilities": {}})
    async with talking_to(far) as agent:
        assert text(await all_events(agent, ask("hi"))) == "Hello"
    assert far.sent("SendMessage")[0]["configuration"] == {"returnImmediately": True}


async def test_who_stops_a_run_before_its_task_is_known_cancels_that_when_it_is() -> None:
    reached, stopped = asyncio.Event(), asyncio.Event()

    async def late(params: Json) -> Json:
        reached.set()
        await stopped.wait()
        return {"result": SUBMITTED}

    answers = {"SendMessage": late, "CancelTask": lambda params: {"result": task("CANCELED")}}
    far = Far(answers, card={"capabilities": {}})
    async with talking_to(far) as agent:
        running = asyncio.create_task(all_events(agent, ask("hi")))
        await reached.wait()
        running.cancel()
        stopped.set()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert far.sent("CancelTask") == [{"id": "t-1"}]


async def test_stopping_while_an_answer_is_waited_for_cancels_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(following, "LONGEST_GOODBYE", 0.05)
    reached, done = asyncio.Event(), asyncio.Event()

    async def waiting(params: Json) -> Json:
        if "taskId" in params["message"]:
            reached.set()
            await done.wait()
        return {"result": {"task": task("INPUT_REQUIRED")}}

    def cancelled(params: Json) -> Json:
        done.set()
        return {"result": task("CANCELED")}

    far = Far({"SendMessage": waiting, "CancelTask": cancelled}, card={"capabilities": {}})
    async with talking_to(far) as agent:
        page = Page(CopilotRuntime({"default": agent}))
        async with page.runtime.lifespan():
            await page.say("where?")
            ended = await page.stopped("Rome", reached.wait)
            await done.wait()
    assert ended[-1]["outcome"] == {"type": "cancelled"}
    assert far.sent("CancelTask") == [{"id": "t-1"}]
    assert "configuration" not in far.sent("SendMessage")[1]
