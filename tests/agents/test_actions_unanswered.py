"""Server-side actions that wait because the agent asked something in the same breath."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.page import Page, results, resume
from tests.connectors.talk import text
from tests.runtime.worlds import Scripted, call, text as message

FINISHED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}
ASKED = {"outcome": {"type": "interrupt", "interrupts": [{"id": "i1", "reason": "x"}]}}


def waiting_for(*calls: str) -> Event:
    return {**FINISHED, "outcome": {"type": "success", "pendingToolCallIds": list(calls)}}


class Asking:
    """Calls `note` and asks; says that it waits for the call; then tells its result."""

    name = "asking"
    description = "Asks"

    def __init__(self) -> None:
        self.asked: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        emitted: list[Event]
        if request.messages[-1].role == "tool":
            emitted = [*message("m1", "Noted"), FINISHED]
        elif request.resume:
            emitted = [waiting_for("c1")]
        else:
            emitted = [*call("c1", "note", '{"what":"milk"}'), {**FINISHED, **ASKED}]
        for event in emitted:
            yield event


class Book:
    """What was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, what: str) -> str:
        """Note something."""
        self.notes.append(what)
        return f"noted {what}"


async def test_it_is_carried_out_once_the_agent_says_that_it_waits_for_it() -> None:
    agent, book = Asking(), Book()
    page = Page(CopilotRuntime({"default": agent}, [book.note]))
    asked = await page.say("note milk")
    before = list(book.notes)
    events = await page.go(resume=resume(asked, True))

    assert (before, book.notes) == ([], ["milk"])
    assert results(events) == {"c1": "noted milk"}
    assert text(events) == "Noted"
    assert "outcome" not in events[-1]


async def test_an_answer_is_given_to_the_agent_once() -> None:
    agent = Asking()
    page = Page(CopilotRuntime({"default": agent}, [Book().note]))
    asked = await page.say("note milk")
    props: dict[str, Any] = {"command": {"resume": "yes"}, "config": {"x": 1}}
    await page.go(resume=resume(asked, True), forwardedProps=props)

    _, resumed, continued = agent.asked
    assert (bool(resumed.resume), resumed.forwarded_props) == (True, props)
    assert (continued.resume, continued.forwarded_props) == (None, {"config": {"x": 1}})


async def test_a_call_left_earlier_gives_way_to_a_new_one_of_its_id() -> None:
    book = Book()
    milk, bread = (call("c1", "note", f'{{"what":"{what}"}}') for what in ("milk", "bread"))
    turns = [[*milk, {**FINISHED, **ASKED}], [*bread, waiting_for("c1")], [FINISHED]]
    page = Page(CopilotRuntime({"default": lambda request: Scripted(*turns.pop(0))}, [book.note]))
    await page.say("note milk")
    await page.say("rather bread")

    assert book.notes == ["bread"]
    assert turns == []


async def test_a_call_that_the_front_end_made_up_is_not_carried_out() -> None:
    book = Book()
    page = Page(CopilotRuntime({"default": Scripted(waiting_for("c9"))}, [book.note]))
    function = {"name": "note", "arguments": '{"what":"lies"}'}
    made_up = {"id": "c9", "type": "function", "function": function}
    page.messages.append({"id": "a1", "role": "assistant", "toolCalls": [made_up]})
    events = await page.say("go on")

    assert book.notes == []
    assert events[-1]["outcome"]["pendingToolCallIds"] == ["c9"]
