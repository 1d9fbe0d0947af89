"""Streams that are taken up again, answered and cancelled, on whichever server a client reaches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.graphql.serving import by_header
from tests.wires.mcp.serving import (
    Asker,
    a_runtime,
    calling,
    events_in,
    message,
    plain,
    serving,
    session_of,
)
from tests.wires.openai.serving import Held


@asynccontextmanager
async def two_servers(folder: Path, agent: object) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Clients of two servers over one store."""
    store = f"sqlite:///{folder / 'threads.db'}"
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(2):
            runtime = CopilotRuntime({"default": agent}, authenticate=by_header, store=store)
            origin = await stack.enter_async_context(serving(runtime))
            clients.append(await stack.enter_async_context(plain(origin)))
        yield clients


class Slow:
    """Says two words, the second one when it may."""

    name = "default"
    description = "Slow"

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        start, first, last, end = text("m1", "Hello", " world")
        yield start
        yield first
        await self.go.wait()
        yield last
        yield end


async def first_events(
    client: httpx.AsyncClient, headers: dict[str, str], body: dict[str, Any], until: str
) -> list[tuple[str, Any]]:
    """The events of a call up to one with that word in it, after which the connection is closed."""
    async with client.stream("POST", "/mcp", json=body, headers=headers) as response:
        found = ""
        async for piece in response.aiter_text():
            found += piece
            if until in found:
                return events_in(found)
    raise AssertionError(found)


def result_of(stream: str) -> Any:  # noqa: ANN401  # JSON
    return events_in(stream)[-1][1]["result"]


@pytest.mark.parametrize("server", [0, 1])
async def test_a_stream_that_broke_off_goes_on_behind_the_last_event(
    tmp_path: Path, server: int
) -> None:
    slow = Slow()
    async with two_servers(tmp_path, slow) as clients:
        headers = await session_of(clients[0])
        body = calling(id_="call-1", token="p", message="hi")
        seen = await first_events(clients[0], headers, body, '"message":"Hello"')
        slow.go.set()
        last = {**headers, "last-event-id": seen[-1][0]}
        rest = await clients[server].get("/mcp", headers=last)
    assert seen[0][1] is None, "an empty event comes first, to come back to"
    events = [event for _, event in events_in(rest.text)]
    notes = [each["params"]["message"] for each in events[:-1]]
    assert "Hello" not in notes
    assert events[-1]["id"] == "call-1"
    assert events[-1]["result"]["structuredContent"]["text"] == "Hello world"


async def test_a_run_goes_on_while_its_client_is_away() -> None:
    slow = Slow()
    async with serving(a_runtime(slow=slow)) as origin, plain(origin) as client:
        headers = await session_of(client)
        seen = await first_events(client, headers, calling("slow", message="hi"), "id: ")
        slow.go.set()
        rest = await client.get("/mcp", headers={**headers, "last-event-id": seen[0][0]})
    assert result_of(rest.text)["structuredContent"]["outcome"] == "success"


@pytest.mark.parametrize("server", [0, 1])
async def test_a_question_is_answered_on_any_server(tmp_path: Path, server: int) -> None:
    asker = Asker()
    async with two_servers(tmp_path, asker) as clients:
        headers = await session_of(clients[0], asks=True)
        body = calling(message="book")
        async with clients[0].stream("POST", "/mcp", json=body, headers=headers) as stream:
            found = ""
            async for piece in stream.aiter_text():
                found += piece
                if "elicitation/create" in found and not asker.answers:
                    id_ = events_in(found)[-1][1]["id"]
                    given = {"action": "accept", "content": {"approved": True}}
                    answer = {"jsonrpc": "2.0", "id": id_, "result": given}
                    taken = await clients[server].post("/mcp", json=answer, headers=headers)
                    again = await clients[server].post("/mcp", json=answer, headers=headers)
    assert taken.status_code == 202
    assert again.status_code == 400
    assert result_of(found)["structuredContent"]["text"] == "Well.\n\nBooked."


async def test_the_answer_of_somebody_else_is_refused() -> None:
    asker = Asker()
    async with serving(a_runtime(asker=asker)) as origin, plain(origin) as ann:
        headers = await session_of(ann, asks=True)
        seen = await first_events(ann, headers, calling("asker", message="x"), "elicitation/create")
        given = {"action": "accept", "content": {"approved": True}}
        answer = {"jsonrpc": "2.0", "id": seen[-1][1]["id"], "result": given}
        stranger = await ann.post("/mcp", json=answer, headers={**headers, "x-user": "bob"})
        lost = {**headers, "last-event-id": seen[-1][0], "x-user": "bob"}
        read = await ann.get("/mcp", headers=lost)
    assert stranger.status_code == 404
    assert read.status_code == 400
    assert asker.answers == []


@pytest.mark.parametrize("server", [0, 1])
async def test_a_call_is_cancelled_on_any_server(tmp_path: Path, server: int) -> None:
    held = Held()
    async with two_servers(tmp_path, held) as clients:
        headers = await session_of(clients[0])
        call = asyncio.create_task(
            clients[0].post("/mcp", json=calling(id_=7, message="hi"), headers=headers)
        )
        await held.reached.wait()
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        said = await clients[server].post("/mcp", json=note, headers=headers)
        answer = await call
        await held.closed.wait()
    assert said.status_code == 202
    assert result_of(answer.text)["structuredContent"]["outcome"] == "stopped"


async def test_a_call_that_waits_for_an_answer_ends_when_it_is_cancelled() -> None:
    asker = Asker()
    async with serving(a_runtime(asker=asker)) as origin, plain(origin) as client:
        headers = await session_of(client, asks=True)
        body = calling("asker", id_=7, message="book")
        async with client.stream("POST", "/mcp", json=body, headers=headers) as stream:
            found = ""
            async for piece in stream.aiter_text():
                found += piece
                if "elicitation/create" in found and not asker.answers:
                    params = {"requestId": 7, "reason": "enough"}
                    note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
                    await client.post("/mcp", json=note, headers=headers)
    assert [status for _, status, _ in asker.answers] == ["cancelled"]


async def test_a_cancellation_of_another_session_stops_nothing() -> None:
    held = Held()
    async with serving(a_runtime(held=held)) as origin, plain(origin) as client:
        mine, other = await session_of(client), await session_of(client)
        seen = await first_events(client, mine, calling("held", id_=7, message="hi"), "id: ")
        await held.reached.wait()
        note = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 7}}
        await client.post("/mcp", json=note, headers=other)
        await client.post("/mcp", json=note, headers={**mine, "x-user": "bob"})
        assert not held.closed.is_set()
        await client.post("/mcp", json=note, headers=mine)
        rest = await client.get("/mcp", headers={**mine, "last-event-id": seen[0][0]})
    assert held.closed.is_set()
    assert result_of(rest.text)["isError"]


async def test_the_same_request_once_more_is_the_same_run() -> None:
    runtime = a_runtime()
    async with serving(runtime) as origin, plain(origin) as client:
        headers = await session_of(client)
        body = calling(id_=3, message="hi")
        first = await client.post("/mcp", json=body, headers=headers)
        second = await client.post("/mcp", json=body, headers=headers)
        third = await client.post("/mcp", json=calling(id_=4, message="hi"), headers=headers)
    runs = [result_of(each.text)["structuredContent"]["runId"] for each in (first, second, third)]
    assert runs[0] == runs[1] != runs[2]


async def test_a_client_without_a_session_is_answered_too() -> None:
    async with serving(a_runtime()) as origin, plain(origin) as client:
        listed = await client.post("/mcp", json=message("tools/list"))
        called = await client.post("/mcp", json=calling(message="hi"))
    assert [each["name"] for each in listed.json()["result"]["tools"]] == ["default"]
    assert result_of(called.text)["structuredContent"]["text"] == "1: hi"


async def test_a_page_shows_what_was_said_in_a_call() -> None:
    runtime = a_runtime()
    async with serving(runtime) as origin, plain(origin) as client:
        called = await client.post("/mcp", json=calling(message="hi"))
        thread = result_of(called.text)["structuredContent"]["threadId"]
        told = await client.get(f"/copilotkit/threads/{thread}/messages")
    assert [each["content"] for each in told.json()["messages"]] == ["hi", "1: hi"]
