"""A router of several agents, run by a runtime as users would run it: who answers, and why."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ROUTED, Event
from agui_runtime.core.jsontext import dumps
from agui_runtime.wrappers import with_router
from agui_runtime.wrappers.router import decisions, turns
from tests.connectors.page import Page, resume
from tests.connectors.talk import kinds, text, user
from tests.core.verifier import verify
from tests.runtime.worlds import ANN, asking, call, ran, text as message


class Clerk:
    """Says who it is; calls the tool that the user names in brackets."""

    def __init__(self, name: str, *events: Event) -> None:
        self.name = name
        self.description = f"Knows all about {name}"
        self.events = events
        self.requests: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(request)
        words = next((str(m.content) for m in reversed(request.messages) if m.role == "user"), "")
        tool = words.partition("[")[2].partition("]")[0]
        id_ = f"{request.run_id}-{len(self.requests)}"
        for event in self.events:
            yield event
        answered = request.messages and request.messages[-1].role == "tool"
        for event in call(id_, tool, "{}") if tool and not answered else message(id_, self.name):
            yield event


class Classifier:
    """Answers what it is given to, and remembers what it was called with."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.questions: list[tuple[str, Mapping[str, str]]] = []

    async def __call__(self, words: str, agents: Mapping[str, str]) -> object:
        self.questions.append((words, agents))
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer


def page(*clerks: Clerk, **options: Any) -> Page:  # noqa: ANN401  # those of the router
    agents = {each.name: each for each in clerks or (Clerk("tasks"), Clerk("notes"))}
    return Page(CopilotRuntime({"default": with_router(agents, **options)}))


def routed(events: list[Event]) -> list[tuple[str, str, float]]:
    """Agent, why, and how sure, of each announcement."""
    told = (e["value"] for e in events if e["type"] == "CUSTOM" and e["name"] == ROUTED)
    return [(value["agent"], value["by"], value["confidence"]) for value in told]


# Who answers


async def test_the_agent_is_named_before_it_is_called() -> None:
    named: list[Event] = []

    async def notes(request: RunAgentInput) -> AsyncIterator[str]:
        """Takes notes."""
        named.extend(handle_events)
        yield "noted"

    handle_events: list[Event] = []
    router = with_router(
        {"tasks": Clerk("tasks"), "notes": notes}, domains={"notes": "knowledge"}, default="notes"
    )
    runtime = CopilotRuntime({"default": router})
    handle = await runtime.start(asking("hello"))
    async for batch in handle.batches():
        handle_events += [record.event for record in batch.records]
    assert kinds(handle_events) == [
        "RUN_STARTED",
        "CUSTOM",
        "SUBAGENT_STARTED",
        *kinds(message("m", "noted")),
        "SUBAGENT_FINISHED",
        "RUN_FINISHED",
    ]
    value = {"agent": "notes", "domain": "knowledge", "by": "default", "confidence": 0.0}
    assert handle_events[1]["value"] == value
    assert handle_events[2]["name"] == handle_events[3]["name"] == "notes"
    verify(handle_events)


async def test_it_is_announced_while_the_agent_still_thinks() -> None:
    go = asyncio.Event()

    async def slow(request: RunAgentInput) -> AsyncIterator[str]:
        await go.wait()
        yield "at last"

    runtime = CopilotRuntime({"default": with_router({"slow": slow})})
    handle = await runtime.start(asking("hello"))
    async for batch in handle.batches():
        if any(record.event["type"] == "CUSTOM" for record in batch.records):
            go.set()
    assert go.is_set()


@pytest.mark.parametrize(
    ("properties", "words", "expected"),
    [
        ({"agent": "notes"}, "todo", ("notes", "choice", 1.0)),
        ({"scope": "notes"}, "hello", ("notes", "scope", 1.0)),
        ({"scope": "knowledge"}, "todo", ("notes", "scope", 1.0)),
        ({"agent": "tasks", "scope": "notes"}, "hello", ("tasks", "choice", 1.0)),
        ({"agent": "nobody", "scope": 7}, "a TODO for you", ("tasks", "rule", 1.0)),
        ({}, "todos are many", ("mail", "default", 0.0)),
        ({}, "write   down this", ("notes", "rule", 1.0)),
        ({}, "メモを書いて", ("notes", "rule", 1.0)),
        ({}, "re: your letter", ("mail", "rule", 1.0)),
        ({}, "a note: todo", ("tasks", "rule", 1.0)),
        ({}, "", ("mail", "default", 0.0)),
    ],
)
async def test_choice_comes_before_scope_and_scope_before_rules(
    properties: dict[str, object], words: str, expected: tuple[str, str, float]
) -> None:
    chat = page(
        Clerk("tasks"),
        Clerk("notes"),
        Clerk("mail"),
        rules={
            "tasks": ["todo"],
            "notes": ["note", "write down", "メモ"],
            "mail": [re.compile("^re:")],
        },
        domains={"notes": "knowledge"},
        default="mail",
    )
    events = await chat.say(words, forwardedProps=properties)
    assert routed(events) == [expected]
    assert text(events) == expected[0]


async def test_a_scope_of_several_agents_leaves_the_choice_among_them() -> None:
    classifier = Classifier("mail", "tasks")
    chat = page(
        Clerk("tasks"),
        Clerk("notes"),
        Clerk("mail"),
        domains={"notes": "words", "mail": "words"},
        classify=classifier,
    )
    assert routed(await chat.say("hi", forwardedProps={"scope": "words"}))[0][0] == "mail"
    assert list(classifier.questions[0][1]) == ["notes", "mail"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("notes", ("notes", "model", 1.0)),
        (("notes", 0.5), ("notes", "model", 0.5)),
        (("notes", 0.49), ("tasks", "default", 0.0)),
        ({"notes": 0.7, "tasks": 0.6}, ("notes", "model", 0.7)),
        ({"agent": "notes", "confidence": 0.9}, ("notes", "model", 0.9)),
        (" Notes ", ("notes", "model", 1.0)),
        ("admin", ("tasks", "default", 0.0)),
        (("notes", float("nan")), ("tasks", "default", 0.0)),
        (("notes", 95), ("tasks", "default", 0.0)),
        (("notes", "very"), ("tasks", "default", 0.0)),
        (None, ("tasks", "default", 0.0)),
        ({}, ("tasks", "default", 0.0)),
        ([], ("tasks", "default", 0.0)),
        (7, ("tasks", "default", 0.0)),
        (RuntimeError("down"), ("tasks", "default", 0.0)),
        (asyncio.CancelledError(), ("tasks", "default", 0.0)),
        (SystemExit(1), ("tasks", "default", 0.0)),
    ],
)
async def test_whoever_is_not_surely_named_leaves_it_to_the_default_agent(
    answer: object, expected: tuple[str, str, float]
) -> None:
    events = await page(classify=Classifier(answer)).say("hello")
    assert routed(events) == [expected]
    assert text(events) == expected[0]


async def test_what_is_not_decided_in_time_is_the_default_agent_s(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(decisions, "PATIENCE", 0.01)

    async def never(words: str, agents: Mapping[str, str]) -> str:
        await asyncio.Event().wait()
        return "notes"

    with caplog.at_level(logging.WARNING):
        assert routed(await page(classify=never).say("hello")) == [("tasks", "default", 0.0)]
    assert "took over 0.01 seconds" in caplog.text


async def test_a_failing_classifier_is_a_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        await page(classify=Classifier(RuntimeError("down"))).say("hello")
    assert "`classify` failed" in caplog.text
    assert "down" in caplog.text


# Later runs


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"notes": 0.9, "tasks": 0.75}, ("tasks", "thread", 0.75)),
        ({"notes": 0.9, "tasks": 0.7}, ("notes", "model", 0.9)),
        (("notes", 0.55), ("tasks", "thread", 0.45)),
        (("notes", 0.6), ("notes", "model", 0.6)),
        (("notes", 0.3), ("tasks", "thread", 0.7)),
        ("tasks", ("tasks", "model", 1.0)),
        (None, ("tasks", "thread", 0.0)),
    ],
)
async def test_a_conversation_stays_with_an_agent_unless_another_is_clearly_better(
    answer: object, expected: tuple[str, str, float]
) -> None:
    chat = page(Clerk("notes"), Clerk("tasks"), classify=Classifier("tasks", answer))
    await chat.say("hello")
    assert routed(await chat.say("and now?")) == [expected]


async def test_a_regenerate_asks_whoever_answered_then() -> None:
    chat = page(rules={"notes": ["note"], "tasks": ["todo"]}, classify=Classifier(("notes", 0.6)))
    await chat.say("a note")
    await chat.say("anything")
    await chat.say("todo")
    chat.messages = chat.messages[:3]
    assert routed(await chat.go()) == [("notes", "thread", 1.0)]
    chat.messages = chat.messages[:1]
    chosen = await chat.go(forwardedProps={"agent": "tasks"})
    assert routed(chosen) == [("tasks", "choice", 1.0)]


async def test_a_message_that_was_edited_is_decided_anew() -> None:
    chat = page(rules={"notes": ["note"], "tasks": ["todo"]})
    await chat.say("a note")
    chat.messages = [user("a todo", id_=chat.messages[0]["id"])]
    assert routed(await chat.go()) == [("tasks", "rule", 1.0)]


async def test_a_client_that_sends_only_what_is_new_stays_with_its_agent() -> None:
    chat = page(rules={"notes": ["note"]})
    await chat.say("a note")
    chat.messages = [user("go on", id_="another")]
    assert routed(await chat.go()) == [("notes", "thread", 0.0)]


async def test_the_result_of_a_page_s_tool_goes_to_the_agent_that_called_it() -> None:
    tool = {"name": "look", "description": "", "parameters": {"type": "object", "properties": {}}}
    classifier = Classifier("notes")
    tasks, notes = Clerk("tasks"), Clerk("notes")
    chat = page(tasks, notes, classify=classifier)
    events = await chat.say("[look]", tools=[tool])
    assert [each.name for each in notes.requests[0].tools or ()] == ["look"]
    [id_] = [e["toolCallId"] for e in events if e["type"] == "TOOL_CALL_START"]
    chat.messages.append({"id": "r1", "role": "tool", "toolCallId": id_, "content": "seen"})
    again = await chat.go(tools=[tool], forwardedProps={"agent": "tasks"})
    assert routed(again) == [("notes", "thread", 1.0)]
    assert (text(again), len(tasks.requests), len(classifier.questions)) == ("notes", 0, 1)


async def test_an_action_s_result_goes_to_the_agent_that_called_it_unannounced() -> None:
    def look() -> str:
        """Looks."""
        return "seen"

    classifier = Classifier("notes")
    agents = {"tasks": Clerk("tasks"), "notes": Clerk("notes")}
    router = with_router(agents, classify=classifier)
    chat = Page(CopilotRuntime({"default": router}, [look]))
    events = await chat.say("[look]")
    verify(events)
    assert routed(events) == [("notes", "model", 1.0)]
    assert len(agents["notes"].requests) == 2
    assert kinds(events).count("SUBAGENT_FINISHED") == 2


async def test_the_answer_to_a_question_goes_to_the_agent_that_put_it() -> None:
    interrupts = [{"id": "i1", "reason": "input_required", "message": "Sure?"}]
    end = {"type": "RUN_FINISHED", "threadId": "", "runId": ""}
    asks = end | {"outcome": {"type": "interrupt", "interrupts": interrupts}}
    notes = Clerk("notes", asks)
    chat = page(Clerk("tasks"), notes, rules={"notes": ["note"]})
    events = await chat.say("a note")
    bracket = [event for event in events if event["type"] == "SUBAGENT_FINISHED"]
    assert bracket[0]["outcome"] == {"type": "suspended", "interruptIds": ["i1"]}
    again = await chat.go(resume=resume(events, "yes"), forwardedProps={"agent": "tasks"})
    assert routed(again) == [("notes", "thread", 1.0)]
    assert notes.requests[1].resume


async def test_an_agent_that_is_no_more_leaves_its_messages_to_the_others() -> None:
    chat = page(rules={"notes": ["note"]})
    await chat.say("a note")
    agents = {"tasks": Clerk("tasks"), "mail": Clerk("mail")}
    later = CopilotRuntime({"default": with_router(agents)}, store=chat.runtime.store)
    chat.runtime = later
    chat.messages = chat.messages[:1]
    assert routed(await chat.go()) == [("tasks", "default", 0.0)]


async def test_a_thread_of_somebody_else_says_nothing_of_one_s_own() -> None:
    runtime = page(rules={"notes": ["note"]}).runtime
    assert routed(await ran(runtime, asking("a note", caller=ANN, thread="t1")))[0][0] == "notes"
    other = asking("a note?", caller=ANN, thread="t2", messages=[user("hi", id_="u-a note")])
    assert routed(await ran(runtime, other)) == [("tasks", "default", 0.0)]


async def test_what_is_remembered_stays_small_whatever_clients_name_their_messages() -> None:
    chat = page()
    for number in range(turns.MOST + 2):
        chat.messages = [user("hi", id_=f"{number}-{'x' * 10_000}")]
        await chat.go()
    keys = [each async for each in chat.runtime.store.states.keys("t1")]
    saved = [await chat.runtime.store.states.load("t1", each.agent) for each in keys]
    [note] = [each.state for each in saved if each is not None and isinstance(each.state, list)]
    assert len(note) == turns.MOST
    assert len(dumps(note)) < 30_000
