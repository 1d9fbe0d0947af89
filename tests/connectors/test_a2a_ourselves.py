"""Our own agents behind the A2A wire, reached by the A2A connector."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.a2a import A2AAgent
from agui_runtime.connectors.shared.remote import Patience, RemoteOptions
from agui_runtime.core.events import Event
from tests.connectors.page import Page, resume
from tests.connectors.talk import Waits, text
from tests.support import served
from tests.wires.a2a.serving import Asking
from tests.wires.openai.serving import Held, Recorder


@asynccontextmanager
async def page_before(far: object, card: str = "") -> AsyncIterator[Page]:
    """A page whose agent is one of our own, behind the wire."""
    async with served(create_app(CopilotRuntime({"far": far}), wires=["a2a"])) as origin:
        agent = A2AAgent(
            f"{origin}/a2a/far{card}",
            options=RemoteOptions(patience=Patience(retries=2, sleep=Waits())),
        )
        runtime = CopilotRuntime({"default": agent})
        async with runtime.lifespan():
            yield Page(runtime)


async def test_our_own_agents_are_reached_over_the_wire() -> None:
    async with page_before(far := Recorder(), "/.well-known/agent-card.json") as page:
        assert text(await page.say("one")) == "Hello world"
        assert text(await page.say("two")) == "Hello world"
    assert far.messages == [("user", "one"), ("assistant", "Hello world"), ("user", "two")]


async def test_a_question_interrupts_and_its_answer_goes_on() -> None:
    async with page_before(far := Asking("city", "day")) as page:
        asked = await page.say("where?")
        interrupts = asked[-1]["outcome"]["interrupts"]
        answered = await page.go(resume=resume(asked, {"at": "noon"}))
    assert [each["id"] for each in interrupts] == ["city", "day"]
    assert text(answered) == "resolved {'at': 'noon'}; resolved {'at': 'noon'}"
    assert len(far.requests) == 2


async def test_the_users_next_message_answers_where_a_page_knows_no_interrupts() -> None:
    async with page_before(Asking()) as page:
        await page.say("where?")
        assert text(await page.say("Rome")) == "resolved Rome"


async def test_who_dismisses_a_question_cancels_its_task() -> None:
    async with page_before(far := Asking()) as page:
        asked = await page.say("where?")
        ended = await page.go(resume=resume(asked, None, "cancelled"))
        again = await page.say("once more")
    assert ended[-1]["outcome"] == {"type": "cancelled"}
    assert again[-1]["outcome"]["type"] == "interrupt"
    assert len(far.requests) == 2


async def test_stopping_a_run_cancels_the_task_on_the_far_side() -> None:
    async with page_before(far := Held()) as page:
        events = await page.stopped("hi", far.reached.wait)
        async with asyncio.timeout(20):
            await far.closed.wait()
    assert events[-1]["outcome"] == {"type": "cancelled"}


async def test_a_task_that_was_stopped_after_its_question_gets_no_more_messages() -> None:
    far = Asking()
    held = Held()

    async def answered(request: RunAgentInput) -> AsyncIterator[Event]:
        player = held if request.resume and not held.closed.is_set() else far
        async for event in player.run(request):
            yield event

    async with page_before(answered) as page:
        await page.say("where?")
        stopped = await page.stopped("Rome", held.reached.wait)
        again = await page.say("where now?")
    assert stopped[-1]["outcome"] == {"type": "cancelled"}
    assert again[-1]["outcome"]["type"] == "interrupt"
