"""What is open ends when its credentials expire; its reader comes back with others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput
from starlette.requests import Request
from websockets.exceptions import ConnectionClosedError

from agui_runtime import Caller, CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.wires.shared import expiry as expiring
from agui_runtime.wires.shared.expiry import CredentialExpired
from tests.runtime.worlds import text
from tests.support import client_of
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import ACCEPT, chat
from tests.wires.graphql.subscribing import EVENTS, socket

RUN = "/copilotkit/agent/default/run"
FOLLOWED = "/api/v1/agent/threads/t1/events?until=live"
EVENT_STREAM = "text/event-stream"
LIFE = 3600.0
"""Seconds until credentials expire, unless a test says that the time has come."""


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


class Expiry:
    """The timers of what is open until its credentials expire."""

    def __init__(self) -> None:
        self._timers: list[asyncio.Timeout] = []

    def timeout(self, seconds: float) -> asyncio.Timeout:
        self._timers.append(asyncio.timeout(seconds))
        return self._timers[-1]

    def come(self) -> None:
        """All of it expires now."""
        for timer in self._timers:
            timer.reschedule(0)


class Coming:
    """What several readers wait for in what they read."""

    def __init__(self) -> None:
        self._found = asyncio.Semaphore(0)

    def of(self, words: str) -> Callable[[str], None]:
        """Looks for the words in all that one of them has read so far."""
        found = False

        def look(received: str) -> None:
            nonlocal found
            if not found and words in received:
                found = True
                self._found.release()

        return look

    async def times(self, number: int) -> None:
        """Return when so many have what they wait for."""
        for _ in range(number):
            await self._found.acquire()


def ignore(received: str) -> None:
    """Nobody waits for it."""


async def broken_off(
    client: httpx.AsyncClient,
    path: str,
    body: object,
    came: Callable[[str], None] = ignore,
    /,
    **more: str,
) -> str:
    """What came until the answer broke off, or ended; without a body, of a GET. `came` is given all
    of it as often as more comes.
    """
    received = ""
    headers = {"authorization": "short", **more}
    try:
        method = "GET" if body is None else "POST"
        async with client.stream(method, path, json=body, headers=headers) as answer:
            assert answer.status_code == 200
            async for part in answer.aiter_text():
                received += part
                came(received)
    except httpx.RemoteProtocolError:
        return f"{received} broken off"
    return received


Seen = list[dict[str, Any]]
"""What a subscription to a thread's log has brought: events with their cursors."""


async def closed_socket(
    client: httpx.AsyncClient, came: Callable[[str], None]
) -> tuple[Seen, tuple[int | None, str | None]]:
    """What came before it was closed, and how it was."""
    seen: Seen = []
    async with socket(client, headers={"authorization": "short"}) as ws:
        await ws.initialised()
        await ws.subscribe("1", EVENTS, threadId="t1")
        try:
            while True:
                seen.append((await ws.hear())["payload"]["data"]["runEvents"])
                came(str(seen))
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
    headers = {"authorization": "fresh", "accept": EVENT_STREAM}
    body = {"query": EVENTS, "variables": {"threadId": "t1", "after": after}}
    async with client.stream("POST", "/graphql", json=body, headers=headers) as answer:
        async for line in answer.aiter_lines():
            seen += of_lines([line])
            if seen and seen[-1]["type"] == "RUN_FINISHED":
                return seen
    raise AssertionError(f"the run did not end: {seen}")


async def test_whatever_is_open_ends_with_its_credentials_and_nothing_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    agent, expiry, coming = Waiting(), Expiry(), Coming()
    monkeypatch.setattr(expiring, "asyncio", SimpleNamespace(timeout=expiry.timeout))
    runtime = CopilotRuntime({"default": agent}, authenticate=by_token)
    subscription = {"query": EVENTS, "variables": {"threadId": "t1"}}
    remote = {"name": "default", "threadId": "t3", "messages": []}
    async with client_of(create_app(runtime, remote_path="/remote")) as client:
        client.timeout = httpx.Timeout(30)
        word, event = partial(coming.of, "before "), partial(coming.of, "TEXT_MESSAGE_CONTENT")
        async with asyncio.TaskGroup() as tasks:
            begin = tasks.create_task
            first = begin(broken_off(client, RUN, run_body(thread="t1"), word()))
            await agent.begun.wait()
            readers = (
                first,
                begin(broken_off(client, "/graphql", chat(threadId="t2"), word(), accept=ACCEPT)),
                begin(broken_off(client, "/graphql", subscription, event(), accept=EVENT_STREAM)),
                begin(broken_off(client, "/remote/agents/execute", remote, word())),
                begin(broken_off(client, FOLLOWED, None, word())),
                begin(closed_socket(client, event())),
            )
            await coming.times(len(readers))
            expiry.come()
        found = await asyncio.gather(*readers)
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
