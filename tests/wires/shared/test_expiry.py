"""What is open ends when its credentials expire; its reader comes back with others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import orjson
from ag_ui.core import RunAgentInput
from starlette.requests import Request
from websockets.exceptions import ConnectionClosedError

from agui_runtime import Caller, CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.wires.shared.expiry import CredentialExpired
from tests.runtime.worlds import text
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, chat
from tests.wires.graphql.subscribing import EVENTS, socket

RUN = "/copilotkit/agent/default/run"
LIFE = 3.0
"""Seconds in which everything is open."""


class Waiting:
    """Says a word, then another one when it may."""

    name = "default"
    description = "Waits"

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        start, first, second, end = text("m1", "before ", "after")[:4]
        yield start
        yield first
        self.begun.set()
        await self.go.wait()
        yield second
        yield end


def by_token(request: Request) -> Caller:
    short = request.headers.get("authorization") == "short"
    return Caller("ann", expires_at=time.time() + LIFE if short else None)


async def broken_off(client: httpx.AsyncClient, path: str, body: object, **more: str) -> str:
    """What came until the answer broke off, or ended; without a body, of a GET."""
    received = ""
    headers = {"authorization": "short", **more}
    try:
        method = "GET" if body is None else "POST"
        async with client.stream(method, path, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            async for part in answer.aiter_text():
                received += part
    except httpx.RemoteProtocolError:
        return f"{received} broken off"
    return received


Seen = list[dict[str, Any]]
"""What a subscription to a thread's log has brought: events with their cursors."""


async def closed_socket(client: httpx.AsyncClient) -> tuple[Seen, tuple[int | None, str | None]]:
    """What came before it was closed, and how it was."""
    seen: Seen = []
    async with socket(client, headers={"authorization": "short"}) as ws:
        await ws.initialised()
        await ws.subscribe("1", EVENTS, threadId="t1")
        try:
            while True:
                seen.append((await ws.hear())["payload"]["data"]["runEvents"])
        except ConnectionClosedError:
            return seen, await ws.closed()


async def resumed_socket(client: httpx.AsyncClient, after: str) -> Seen:
    """What comes after the cursor, to the end of the run."""
    seen: Seen = []
    async with socket(client, headers={"authorization": "fresh"}) as ws:
        await ws.initialised()
        await ws.subscribe("1", EVENTS, threadId="t1", after=after)
        while not seen or seen[-1]["type"] != "RUN_FINISHED":
            seen.append((await ws.hear())["payload"]["data"]["runEvents"])
    return seen


def of_lines(lines: Iterable[str]) -> Seen:
    """The events of the log in lines of an event stream, as far as they are such."""
    payloads = [line.removeprefix("data:") for line in lines if line.startswith("data:")]
    results = [orjson.loads(each) for each in payloads if each.strip()]
    return [each["data"]["runEvents"] for each in results if each.get("data")]


async def resumed_events(client: httpx.AsyncClient, after: str) -> Seen:
    """The same over an event stream."""
    seen: Seen = []
    headers = {"authorization": "fresh", "accept": "text/event-stream"}
    body = {"query": EVENTS, "variables": {"threadId": "t1", "after": after}}
    async with client.stream("POST", "/graphql", json=body, headers=headers) as answer:
        async for line in answer.aiter_lines():
            seen += of_lines([line])
            if seen and seen[-1]["type"] == "RUN_FINISHED":
                return seen
    raise AssertionError(f"the run did not end: {seen}")


async def test_whatever_is_open_ends_with_its_credentials_and_nothing_is_lost() -> None:
    agent = Waiting()
    runtime = CopilotRuntime({"default": agent}, authenticate=by_token)
    subscription = {"query": EVENTS, "variables": {"threadId": "t1"}}
    remote = {"name": "default", "threadId": "t3", "messages": []}
    async with client_of(create_app(runtime, remote_path="/remote")) as client:
        client.timeout = httpx.Timeout(30)
        first = asyncio.create_task(broken_off(client, RUN, run_body(thread="t1")))
        await agent.begun.wait()
        found = await asyncio.gather(
            first,
            broken_off(client, "/graphql", chat(threadId="t2"), accept=ACCEPT),
            broken_off(client, "/graphql", subscription, accept="text/event-stream"),
            broken_off(client, "/remote/agents/execute", remote),
            broken_off(client, "/api/v1/agent/threads/t1/events?until=live", None),
            closed_socket(client),
        )
        stream, parts, events, lines, followed, (on_socket, socket_end) = found
        assert "before " in stream
        assert "broken off: CREDENTIAL_EXPIRED" in stream
        assert "before " in followed
        assert "broken off: CREDENTIAL_EXPIRED" in followed
        assert parts.endswith("broken off")
        assert "CREDENTIAL_EXPIRED" in events
        assert events.rstrip().endswith("data:")
        assert lines.endswith("broken off")
        assert socket_end == (4403, str(CredentialExpired()))
        agent.go.set()
        last = [line for line in stream.splitlines() if line.startswith("id:")][-1]
        again = await client.post(
            RUN.replace("run", "connect"),
            json=run_body(thread="t1"),
            headers={"last-event-id": last.removeprefix("id:").strip()},
        )
        assert "after" in again.text
        assert "RUN_FINISHED" in again.text
        assert "before " not in again.text
        whole = [each.seq for each in await runtime.threads.read("t1", Caller("ann"))]
        for before, resumed in (
            (of_lines(events.splitlines()), resumed_events),
            (on_socket, resumed_socket),
        ):
            after = await resumed(client, before[-1]["cursor"])
            assert [each["seq"] for each in (*before, *after)] == whole


async def test_credentials_that_have_expired_open_nothing() -> None:
    def expired(request: Request) -> Caller:
        return Caller("ann", expires_at=time.time() - 1)

    runtime = CopilotRuntime({"default": Waiting()}, authenticate=expired)
    async with client_of(create_app(runtime)) as client:
        refused = await client.post(RUN, json=run_body(thread="t1"))
    assert (refused.status_code, refused.json()["code"]) == (401, "CREDENTIAL_EXPIRED")
