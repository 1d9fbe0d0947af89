"""Blocks of entities: what the application has, and never what a model wrote."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest

from agui_runtime import Blocks, CopilotRuntime, Options, action
from agui_runtime.core.events import Caller
from tests.runtime.worlds import ANN, BOB, asking, call, kinds, ran
from tests.wrappers.block_models import Event, Model, activities, refusals, show, shown

TASK = {"id": "t1", "title": "Paint the fence", "done": False}
UNKNOWN = "there is no such record, or it is not the caller's"


def entity(kind: str, id_: object, **more: object) -> list[Event]:
    return show("c1", "entity", {"kind": kind, "id": id_, **more})


def returned(tool: str, content: object, id_: str = "a1") -> list[Event]:
    """A call that the agent carries out itself."""
    result = {"type": "TOOL_CALL_RESULT", "messageId": f"r-{id_}", "toolCallId": id_}
    text = content if isinstance(content, str) else json.dumps(content)
    return [*call(id_, tool, "{}"), {**result, "content": text}]


async def filled(*events: Event, **options: Any) -> Event:  # noqa: ANN401
    """What the block holds in the end."""
    return activities(await shown(Model(events), **options))[-1][2]


@pytest.mark.parametrize(
    ("tool", "result"),
    [
        ("get_task", TASK),
        ("getTask", TASK),
        ("list_tasks", [{"id": "t0"}, TASK]),
        ("list_tasks", {"items": [{"id": "t0"}, TASK]}),
        ("search", {"tasks": [TASK], "notes": [{"id": "t1", "text": "another"}]}),
        ("search", json.dumps(json.dumps({"task": TASK}))),
        ("search", [TASK]),
    ],
)
async def test_the_record_is_what_a_tool_returned(tool: str, result: object) -> None:
    content = await filled(*returned(tool, result), *entity("task", "t1", title="Invented"))
    assert content == {"kind": "task", "id": "t1", "data": TASK}


@pytest.mark.parametrize(
    ("tool", "result", "id_"),
    [
        ("get_task", {**TASK, "id": 7}, 7),
        ("get_task", {**TASK, "id": 7}, "7"),
        ("get_task", {**TASK, "id": "7"}, 7),
    ],
)
async def test_ids_may_be_numbers(tool: str, result: Event, id_: object) -> None:
    content = await filled(*returned(tool, result), *entity("task", id_))
    assert content["data"] == result


@pytest.mark.parametrize(
    ("tool", "result"),
    [
        ("list_notes", {"notes": [TASK]}),
        ("get_task", {"id": "t0", "owner": TASK}),
        ("get_task", "no JSON {t1}"),
        ("search", {"kind": "note", **TASK}),
        ("search", [{"id": ["t1"]}, {"id": True}]),
        ("get_task", {"id": "t1", "title": "x" * 300_000}),
    ],
)
async def test_no_other_record_is_shown_in_its_place(tool: str, result: object) -> None:
    events = await shown(Model([*returned(tool, result), *entity("task", "t1", title="Invented")]))
    assert [refusal["reason"] for refusal in refusals(events)] == [UNKNOWN]
    assert "Invented" not in json.dumps(activities(events))


async def test_the_record_of_a_servers_action_is_taken() -> None:
    @action
    def get_task() -> Event:
        """The task."""
        return TASK

    model = Model(call("a1", "get_task", "{}"), entity("task", "t1"))
    runtime = CopilotRuntime({"default": model}, [get_task], options=Options(blocks=Blocks()))
    events = await ran(runtime, asking())
    assert activities(events)[-1][2]["data"] == TASK


async def test_what_a_page_sends_is_no_record() -> None:
    calls = [{"id": "p1", "type": "function", "function": {"name": "get_task", "arguments": "{}"}}]
    messages: list[Event] = [
        {"id": "u", "role": "user", "content": "hi"},
        {"id": "a", "role": "assistant", "toolCalls": calls},
        {"id": "r", "role": "tool", "toolCallId": "p1", "content": json.dumps(TASK)},
    ]
    runtime = CopilotRuntime(
        {"default": Model(entity("task", "t1"))}, options=Options(blocks=Blocks())
    )
    events = await ran(runtime, asking(messages=messages))
    assert [refusal["reason"] for refusal in refusals(events)] == [UNKNOWN]


async def test_the_application_is_asked_for_the_caller() -> None:
    wanted: list[tuple[str, str, str]] = []

    async def resolver(kind: str, id_: str, caller: Caller) -> Event | None:
        wanted.append((kind, id_, caller.owner))
        return TASK if caller == ANN else None

    options = Options(blocks=Blocks(entities=resolver))
    contents = []
    for caller in (ANN, BOB):
        runtime = CopilotRuntime({"default": Model(entity("task", "t1"))}, options=options)
        events = await ran(runtime, asking(caller=caller))
        contents.append(activities(events)[-1][2])
    assert wanted == [("task", "t1", "ann"), ("task", "t1", "bob")]
    assert contents[0]["data"] == TASK
    assert contents[1] == {"status": "refused", "reason": UNKNOWN}


def nothing(kind: str, id_: str, caller: Caller) -> None:
    return None


def forbidden(kind: str, id_: str, caller: Caller) -> Event:
    raise PermissionError("it is bob's")


def missing(kind: str, id_: str, caller: Caller) -> Event:
    raise KeyError(id_)


def failing(kind: str, id_: str, caller: Caller) -> Event:
    raise RuntimeError("password=secret")


def text_instead(kind: str, id_: str, caller: Caller) -> Any:  # noqa: ANN401
    return "a task"


@pytest.mark.parametrize("resolver", [nothing, forbidden, missing, failing, text_instead, None])
async def test_whatever_the_reason_the_words_are_the_same(resolver: Any) -> None:  # noqa: ANN401
    model = Model(entity("task", "t1"))
    events = await shown(model, entities=resolver)
    assert [refusal["reason"] for refusal in refusals(events)] == [UNKNOWN]
    assert model.results == [f"Not shown: {UNKNOWN}. Write it again."]
    assert kinds(events)[-1] == "RUN_FINISHED"


async def test_a_failure_of_the_application_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "agui_runtime"):
        await shown(Model(entity("task", "t1")), entities=failing)
    [record] = [each for each in caplog.records if "could not be looked up" in each.getMessage()]
    assert "'t1'" in record.getMessage()


async def test_a_stopped_run_looks_nothing_up_any_more() -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def resolver(kind: str, id_: str, caller: Caller) -> Event:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return TASK

    blocks = Blocks(entities=resolver)
    model = Model(entity("task", "t1"))
    runtime = CopilotRuntime({"default": model}, options=Options(blocks=blocks))
    handle = await runtime.start(asking(thread="t1"))
    await begun.wait()
    await runtime.stop("t1", ANN)
    await cancelled.wait()
    async for _ in handle.batches():
        pass


async def test_the_title_of_a_record_may_be_any_text() -> None:
    wild = {"id": "t1", "title": "<script>alert(1)</script> | *x*", "nested": {"a": [1]}}
    events = await shown(Model([*returned("get_task", wild), *entity("task", "t1")]))
    [whole] = [event for event in events if "data" in (event.get("content") or {})]
    assert whole["content"]["data"] == wild
    fallback = whole["metadata"]["agui_runtime.fallback"]
    assert "<script" not in fallback.replace("\\<", "") and "\\| \\*x\\*" in fallback
