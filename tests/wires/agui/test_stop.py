"""Stopping a run, and what is told of it then and later."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from agui_runtime.runtime.runtime import CopilotRuntime
from tests.wires.agui.replay import transcripts
from tests.wires.agui.scripted import Gate, scripted_agents
from tests.wires.agui.serving import Event, events, run_body, serving, text, types

STOP = "/agent/default/stop/t1"


@asynccontextmanager
async def running(
    agent: str = "default",
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.Response]]:
    """A run that waits in its middle, and its response."""
    gate = Gate()
    async with serving(CopilotRuntime(agents=scripted_agents(gate))) as client:
        request = client.stream("POST", f"/agent/{agent}/run", json=run_body("slow"))
        async with request as response:
            await gate.reached.wait()
            yield client, response


async def events_of(response: httpx.Response) -> list[Event]:
    return events((await response.aread()).decode())


async def test_a_live_run_ends_with_all_that_was_emitted_and_a_whole_terminal_event() -> None:
    async with running() as (client, response):
        stopped = await client.post(STOP)
        found = await events_of(response)
        replayed = events((await client.post("/agent/default/connect", json=run_body())).text)
    assert stopped.json() == transcripts()["stop-ok"].recorded.body
    assert text(found) == "w0 w1 w2 w3 w4 w5 "
    assert types(found)[-2:] == ["TEXT_MESSAGE_END", "RUN_FINISHED"]
    assert found[-1] == {"type": "RUN_FINISHED", "threadId": "t1", "runId": "r1"}
    assert types(replayed) == [
        "RUN_STARTED", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]  # fmt: skip


async def test_a_client_of_today_learns_that_it_was_cancelled() -> None:
    async with running() as (client, response):
        await client.post(STOP)
        await response.aread()
        body = run_body(messages=[], protocolVersion="1.0")
        replayed = events((await client.post("/agent/default/connect", json=body)).text)
    assert replayed[-1]["outcome"] == {"type": "cancelled"}


async def test_a_call_without_an_answer_is_answered() -> None:
    async with running("tool") as (client, response):
        await client.post("/agent/tool/stop/t1")
        found = await events_of(response)
    results = [event for event in found if event["type"] == "TOOL_CALL_RESULT"]
    assert [each["content"] for each in results] == [
        '{"status":"stopped","reason":"stop_requested","message":"Run stopped by user"}'
    ]


async def test_stopping_twice_stops_nothing() -> None:
    async with running() as (client, response):
        await client.post(STOP)
        await response.aread()
        again = await client.post(STOP)
    assert again.json() == {"stopped": False, "message": "No active run for thread 't1'."}


async def test_only_the_run_that_was_named_is_stopped() -> None:
    async with running() as (client, response):
        other = await client.post(STOP, json={"runId": "r9"})
        named = await client.post(STOP, json={"runId": "r1"})
        await response.aread()
    message = "Run 'r9' is not the active run for thread 't1'."
    assert other.json() == {"stopped": False, "message": message}
    assert named.json()["stopped"] is True


async def test_through_another_agents_name_the_owner_may_stop() -> None:
    async with running("tool") as (client, response):
        answer = await client.post(STOP, json={"runId": "r1"})
        await response.aread()
    assert answer.json()["stopped"] is True


async def test_a_run_id_must_be_a_text() -> None:
    async with serving(CopilotRuntime(agents=scripted_agents())) as client:
        answer = await client.post(STOP, json={"runId": 3})
    assert answer.status_code == 400
    assert answer.json() == {"error": "Invalid runId"}
