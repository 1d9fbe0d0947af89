"""Requests that are large and within the limits: they come whole, and nobody waits for them."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Mapping

import pytest

from agui_runtime.runs import started_run
from agui_runtime.wires.agui import runs
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS
from tests.wires.graphql.serving import ACCEPT
from tests.wires.shared.test_bodies import (
    Json,
    agui,
    chat,
    from_user,
    serving,
    users,
)


async def test_a_chat_of_ten_thousand_messages_is_answered_on_both_wires() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        each
        for n in range(2500)
        for each in (
            {"id": f"u{n}", "role": "user", "content": "question " * 10},
            {"id": f"a{n}", "role": "assistant", "toolCalls": [call | {"id": f"c{n}"}]},
            {"id": f"t{n}", "role": "tool", "toolCallId": f"c{n}", "content": "{}"},
            {"id": f"b{n}", "role": "assistant", "content": "answer " * 20},
        )
    ]
    spoken = [from_user("question") | {"id": f"u{n}"} for n in range(10_000)]
    async with serving(DEFAULT_LIMITS) as client:
        today = await client.post(
            "/copilotkit/agent/default/run", json=agui(messages=turns, protocolVersion="1.0")
        )
        graphql = await client.post(
            "/copilotkit", json=chat(messages=spoken, threadId="t2"), headers={"accept": ACCEPT}
        )
    assert '"delta":"10000."' in today.text
    assert "10000." in graphql.text


CROWDED: Mapping[str, Json] = {
    "messages": {"messages": users(15_000)},
    "tools": {
        "tools": [{"name": f"f{n}", "description": "", "parameters": {}} for n in range(9000)]
    },
    "context": {"context": [{"description": "d", "value": "v"}] * 9000},
    "state": {"state": {"a": [{"b": 1}] * 20_000}},
}


@pytest.mark.parametrize("case", CROWDED)
async def test_what_a_large_request_holds_is_read_and_recalled_in_a_thread(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: set[int] = set()
    for module, function in ((runs, "run_input"), (runs, "fingerprint"), (started_run, "recall")):
        monkeypatch.setattr(module, function, noting(threads, getattr(module, function)))
    async with serving(DEFAULT_LIMITS) as client:
        small = await client.post("/copilotkit/agent/default/run", json=agui())
        on_loop = {*threads}
        threads.clear()
        body = agui(threadId="t2", **CROWDED[case])
        large = await client.post("/copilotkit/agent/default/run", json=body)
    assert "RUN_FINISHED" in small.text
    assert "RUN_FINISHED" in large.text
    assert on_loop == {threading.get_ident()}
    assert threads - on_loop


def noting(threads: set[int], work: Callable[..., object]) -> Callable[..., object]:
    """The same work, which notes in what thread it is done."""

    def noted(*args: object, **kwargs: object) -> object:
        threads.add(threading.get_ident())
        return work(*args, **kwargs)

    return noted


@pytest.mark.parametrize("key", ["messages", "tools", "context"])
async def test_a_fault_far_down_a_long_list_is_reported_with_its_place(key: str) -> None:
    kinds: Json = {
        "messages": users(2000),
        "tools": [{"name": "f", "description": "", "parameters": {}}] * 2000,
        "context": [{"description": "d", "value": "v"}] * 2000,
    }
    items = [*kinds[key][:1234], {"id": 7, "role": "user"}, *kinds[key][1235:]]
    async with serving(DEFAULT_LIMITS) as client:
        answer = await client.post("/copilotkit/agent/default/run", json=agui(**{key: items}))
    assert answer.status_code == 400
    assert f'["{key}",1234,' in answer.text.replace("\\", "")


async def test_the_messages_of_a_long_thread_come_whole_though_in_parts() -> None:
    async with serving(DEFAULT_LIMITS) as client:
        await client.post("/copilotkit/agent/default/run", json=agui(messages=users(1700)))
        messages = (await client.get("/copilotkit/threads/t1/messages")).json()["messages"]
        events = (await client.get("/copilotkit/threads/t1/events")).json()["events"]
    assert [each["id"] for each in messages[:1700]] == [f"u{n}" for n in range(1700)]
    assert events[0]["type"] == "RUN_STARTED"
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_run_that_has_ended_leaves_nothing_large_to_the_garbage_collector() -> None:
    async with serving(DEFAULT_LIMITS) as client:
        await client.post("/copilotkit/agent/default/run", json=agui())
        gc.collect()
        gc.disable()
        try:
            body = agui(threadId="t2", messages=users(5000))
            await client.post("/copilotkit/agent/default/run", json=body)
            found = gc.collect()
        finally:
            gc.enable()
    assert found < 5000
