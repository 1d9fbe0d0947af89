"""Starting runs and reading them: what a front end of today sees, live and later."""

from __future__ import annotations

import asyncio
import gc
import re
import weakref
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.jsontext import Json, dumps
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.wires.agui import runs
from agui_runtime.wires.agui.wire import AguiWire
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.run_inputs import run_input
from tests.wires.agui.scripted import Gate, scripted_agents
from tests.wires.agui.serving import Event, events, frames, reading, run_body, serving, text, types

RUN = "/agent/default/run"
CONNECT = "/agent/default/connect"
WHOLE = "".join(f"w{n} " for n in range(100))


async def run(client: httpx.AsyncClient, *words: str, **more: Any) -> list[Event]:  # noqa: ANN401
    answer = await client.post(RUN, json=run_body(*words, **more))
    assert answer.status_code == 200, answer.text
    return events(answer.text)


async def connect(client: httpx.AsyncClient, thread: str = "t1", **headers: str) -> httpx.Response:
    body = run_body(thread=thread, run="c", messages=[])
    return await client.post(CONNECT, json=body, headers=headers)


async def test_frames_end_with_line_feeds_and_carry_a_cursor_each() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.post(RUN, json=run_body())
    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert "\r" not in answer.text
    ids = [int(str(id_).rpartition(".")[2]) for id_, _ in frames(answer.text)]
    assert ids == list(range(1, len(ids) + 1))


async def test_a_reader_that_goes_away_leaves_the_run_going_and_finds_it_again() -> None:
    gate = Gate()
    async with serving(CopilotRuntime(agents=scripted_agents(gate))) as client:
        async with reading(client, RUN, run_body("slow")) as reader:
            await reader.until("w5 ")
        async with client.stream("POST", CONNECT, json=run_body(run="c", messages=[])) as second:
            gate.opened.set()
            again = (await second.aread()).decode()
        later = (await connect(client)).text
    assert text(events(again)) == text(events(later)) == WHOLE
    assert types(events(again))[0] == "RUN_STARTED"
    assert types(events(again))[-1] == "RUN_FINISHED"
    assert len(events(later)) == 5


async def test_a_reader_that_stays_holds_nothing_of_its_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, held = Gate(), list[weakref.ref[RunAgentInput]]()

    def noted(payload: Json, limits: BodyLimits, *, is_short: bool = False) -> RunAgentInput:
        given = run_input(payload, limits, is_short=is_short)
        held.append(weakref.ref(given))
        return given

    monkeypatch.setattr(runs, "run_input", noted)
    async with (
        serving(CopilotRuntime(agents=scripted_agents(gate))) as client,
        client.stream("POST", RUN, json=run_body("slow")),
    ):
        await gate.reached.wait()
        async with reading(client, CONNECT, run_body(run="c", messages=[])) as reader:
            await reader.until("w5 ")
            gc.collect()
            assert held[-1]() is None
            gate.opened.set()
            await reader.until("w99 ")


async def test_a_live_run_is_read_from_its_start_behind_the_finished_ones() -> None:
    gate = Gate()
    async with serving(CopilotRuntime(agents=scripted_agents(gate))) as client:
        await run(client, "hello there")
        async with client.stream("POST", RUN, json=run_body("slow", run="r2")) as live:
            await gate.reached.wait()
            async with reading(client, CONNECT, run_body(run="c", messages=[])) as reader:
                await reader.until("w5 ")
                gate.opened.set()
                await reader.until("w99 ")
                await reader.until("RUN_FINISHED")
            await live.aread()
    found = events(reader.seen)
    assert text(found) == "Echo: hello there" + WHOLE
    assert types(found).count("RUN_FINISHED") == 2
    assert types(found).count("TEXT_MESSAGE_CONTENT") == 101


async def test_what_readers_wait_for_together_is_encoded_once_for_all_of_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoded: Counter[str] = Counter()

    def counting(data: object, option: int | None = None) -> bytes:
        encoded[data.get("delta", "") if isinstance(data, dict) else ""] += 1
        return dumps(data, option)

    first, second = asyncio.Event(), asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[str]:
        yield "w0 "
        await first.wait()
        for number in range(1, 10):
            yield f"w{number} "
        await second.wait()

    monkeypatch.setattr("agui_runtime.core.jsontext.dumps", counting)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(serving(CopilotRuntime({"default": agent})))
        requests = [(RUN, run_body()), *[(CONNECT, run_body(run="c", messages=[]))] * 3]
        readers = []
        for path, body in requests:
            readers.append(await stack.enter_async_context(reading(client, path, body)))
            await readers[-1].until("w0 ")
        first.set()
        for reader in readers:
            await reader.until("w9 ")
        second.set()
        for reader in readers:
            await reader.until("RUN_FINISHED")
    assert encoded["w5 "] == 2  # for who started the run, and for those who connected
    assert [text(events(reader.seen)) for reader in readers] == [text(events(readers[0].seen))] * 4


async def test_only_what_is_new_to_the_thread_stands_in_a_runs_input() -> None:
    first = {"id": "u1", "role": "user", "content": "one"}
    second = {"id": "u2", "role": "user", "content": "two"}
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        first_run = await run(client, messages=[first])
        answer = {"id": first_run[1]["messageId"], "role": "assistant", "content": text(first_run)}
        await run(client, run="r2", messages=[first, answer, second])
        found = events((await connect(client)).text)
    starts = [event["input"]["messages"] for event in found if event["type"] == "RUN_STARTED"]
    assert starts == [[first], [second]]


async def test_a_call_that_the_thread_knows_is_not_repeated_under_another_id() -> None:
    user = {"id": "u1", "role": "user", "content": 'use setColor {"color":"red"}'}
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        called = await run(client, messages=[user])
        call_id = called[1]["toolCallId"]
        function = {"name": "setColor", "arguments": '{"color":"red"}'}
        calls = [{"id": call_id, "type": "function", "function": function}]
        repeated = {"id": "made-by-the-page", "role": "assistant", "toolCalls": calls}
        result = {"id": "x", "role": "tool", "toolCallId": call_id, "content": "ok"}
        await run(client, run="r2", messages=[user, repeated, result])
        found = events((await connect(client)).text)
    starts = [event["input"]["messages"] for event in found if event["type"] == "RUN_STARTED"]
    assert [message["id"] for message in starts[1]] == ["x"]


async def test_the_same_start_again_is_the_same_run() -> None:
    gate = Gate()
    async with serving(CopilotRuntime(agents=scripted_agents(gate))) as client:
        async with client.stream("POST", RUN, json=run_body("slow")) as first:
            await gate.reached.wait()
            async with client.stream("POST", RUN, json=run_body("slow")) as again:
                gate.opened.set()
                assert await again.aread() == await first.aread()
        assert len(events((await connect(client)).text)) == 5


async def test_a_busy_thread_is_answered_with_a_status() -> None:
    gate = Gate()
    async with (
        serving(CopilotRuntime(agents=scripted_agents(gate))) as client,
        reading(client, RUN, run_body("slow")) as first,
    ):
        await gate.reached.wait()
        busy = await client.post(RUN, json=run_body("hi", run="r2"))
        gate.opened.set()
        await first.until("RUN_FINISHED")
    assert busy.status_code == 409
    assert busy.json()["error"] == "Thread is busy"
    assert busy.json()["code"] == "THREAD_BUSY"


async def test_a_second_start_may_wait_for_its_turn() -> None:
    gate = Gate()
    runtime = CopilotRuntime(agents=scripted_agents(gate), options=Options(on_busy="queue"))
    async with serving(runtime) as client, reading(client, RUN, run_body("slow")) as first:
        await gate.reached.wait()
        second = asyncio.create_task(client.post(RUN, json=run_body("hi", run="r2")))
        gate.opened.set()
        await first.until("RUN_FINISHED")
        assert text(events((await second).text)) == "Echo: hi"
    assert text(events(first.seen)) == WHOLE


async def test_a_second_start_may_take_the_firsts_place() -> None:
    gate = Gate()
    runtime = CopilotRuntime(agents=scripted_agents(gate), options=Options(on_busy="supersede"))
    async with serving(runtime) as client, reading(client, RUN, run_body("slow")) as first:
        await gate.reached.wait()
        second = await client.post(RUN, json=run_body("hi", run="r2"))
        await first.until("RUN_FINISHED")
    assert text(events(second.text)) == "Echo: hi"
    assert text(events(first.seen)) == "w0 w1 w2 w3 w4 w5 "


@pytest.mark.parametrize("answer", ["resume", "command"])
async def test_an_interrupt_is_answered_with_a_new_run_of_the_same_id(answer: str) -> None:
    text_ = "interrupt" if answer == "resume" else "interrupt-legacy"
    resumed = [{"interruptId": "int-1-t1", "status": "resolved", "payload": {"ok": True}}]
    more = (
        {"resume": resumed}
        if answer == "resume"
        else {"forwardedProps": {"command": {"resume": resumed}}}
    )
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        await client.post("/agent/state/run", json=run_body(text_))
        second = await client.post("/agent/state/run", json=run_body(text_, **more))
    assert "resumed with " in text(events(second.text))


async def test_a_silent_stream_has_comments_and_a_client_skips_them() -> None:
    gate = Gate()
    wire = AguiWire(keep_alive=0.02)
    async with (
        serving(CopilotRuntime(agents=scripted_agents(gate)), wire) as client,
        reading(client, RUN, run_body("slow")) as reader,
    ):
        await reader.until(": keep-alive")
        gate.opened.set()
        await reader.until("RUN_FINISHED")
    assert text(events(reader.seen)) == WHOLE


async def test_suggestions_are_beside_all_threads() -> None:
    tools = [{"name": "copilotkitSuggest", "description": "s", "parameters": {"type": "object"}}]
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        first = await client.post("/agent/default/suggest", json=run_body(tools=tools))
        second = await client.post(RUN, json=run_body(tools=tools, thread="t2"))
        listed = (await client.get("/threads")).json()["threads"]
    for answer in (first, second):
        found = events(answer.text)
        assert "input" not in found[0]
        assert types(found)[-1] == "RUN_FINISHED"
    assert listed == []


async def test_suggestions_end_with_their_reader() -> None:
    gate = Gate()
    ended = asyncio.Event()

    async def agent(request: object) -> AsyncIterator[Event]:
        try:
            yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
            await gate.wait()
        finally:
            ended.set()

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        async with reading(client, "/agent/default/suggest", run_body()) as reader:
            await reader.until("TEXT_MESSAGE_START")
        await ended.wait()


async def test_agents_see_the_headers_that_are_listed_and_no_others() -> None:
    options = ServerOptions(forward_headers=("Authorization", "x-tenant"))
    sent = {"authorization": "Bearer T", "x-tenant": "acme", "cookie": "a=b", "x-other": "1"}
    async with serving(CopilotRuntime(agents=scripted_agents()), options=options) as client:
        answer = await client.post(RUN, json=run_body("headers"), headers=sent)
    shown = text(events(answer.text))
    assert "Bearer T" in shown
    assert "acme" in shown
    assert "cookie" not in shown
    assert "x-other" not in shown


async def test_a_pattern_means_no_header_that_is_added_on_the_way() -> None:
    options = ServerOptions(forward_headers=("X-*",))
    added = {"x-real-ip": "10.0.0.1", "x-vercel-id": "fra1", "x-copilotcloud-public-api-key": "ck"}
    sent = {"x-tenant": "acme", "authorization": "Bearer T", **added}
    async with serving(CopilotRuntime(agents=scripted_agents()), options=options) as client:
        answer = await client.post(RUN, json=run_body("headers"), headers=sent)
    shown = text(events(answer.text))
    assert "acme" in shown
    assert not [value for value in (*added.values(), "Bearer T") if value in shown]


@pytest.mark.parametrize("name", ["Cookie", "X-Forwarded-For", "x-forwarded-*", "*", "x-*-id"])
def test_some_headers_are_never_for_agents(name: str) -> None:
    with pytest.raises(Misconfigured, match=re.escape(name.lower())):
        ServerOptions(forward_headers=(name,))


async def test_an_agent_that_fails_closes_what_was_open_and_tells_nothing_of_itself() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        found = await run(client, "boom")
    assert types(found) == ["RUN_STARTED", "RUN_ERROR"]
    assert "secret" not in str(found)
    assert found[-1]["code"] == "AGENT_ERROR"


async def test_older_kinds_of_parts_are_accepted() -> None:
    parts = [
        {"type": "text", "text": "look"},
        {"type": "binary", "mimeType": "image/png", "data": "aGk=", "filename": "a.png"},
    ]
    user = {"id": "u1", "role": "user", "content": parts}
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        found = await run(client, messages=[user])
    assert text(found) == "Echo: look [image]"


async def test_ids_are_decoded_after_the_path_is_split() -> None:
    agents = {"team/one": scripted_agents()["default"]}
    async with serving(CopilotRuntime(agents=agents)) as client:
        answer = await client.post("/agent/team%2Fone/run", json=run_body())
    assert answer.status_code == 200


async def test_a_body_that_is_too_large_is_refused() -> None:
    options = ServerOptions(body=BodyLimits(bytes=100))
    async with serving(CopilotRuntime(agents=scripted_agents()), options=options) as client:
        answer = await client.post(RUN, json=run_body("x" * 100))
    assert answer.status_code == 413
    assert answer.json()["code"] == "TOO_LARGE"
