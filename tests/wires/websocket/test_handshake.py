"""Who may open a socket: by a header, a ticket in the address, or the first frame."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from agui_runtime import Caller, CopilotRuntime, ServerOptions, SocketLimits, WebSocketWire
from tests.clocks import LoopClock
from tests.runtime.worlds import Scripted, Waiting, text
from tests.wires.websocket.serving import Page, opened, page_of, run_input, serving

TICKETS = {"once": "carol"}


def known(request: Request) -> Caller | None:
    """By a bearer token, or by a ticket that the application has given out, once."""
    name = request.headers.get("authorization", "").removeprefix("Bearer ")
    if ticket := request.query_params.get("ticket"):
        name = TICKETS.pop(ticket, "")
    return Caller(name) if name else None


@asynccontextmanager
async def known_callers() -> AsyncIterator[str]:
    agent = Scripted(*text("m1", "Hello"))
    async with serving(CopilotRuntime({"default": agent}, authenticate=known)) as origin:
        yield origin


async def owner_of(page: Page) -> object:
    """Whom the page's threads belong to: only they find them."""
    end = await page.answer("request", "q1", thread_id="mine", input=run_input())
    return end.get("outcome") or end["code"]


async def test_a_header_of_the_handshake_says_who_it_is() -> None:
    async with known_callers() as origin:
        async with opened(origin, {"authorization": "Bearer ann"}) as page:
            assert await owner_of(page) == "success"
        async with opened(origin, {"authorization": "Bearer bob"}) as page:
            assert await owner_of(page) == "THREAD_NOT_FOUND"


async def test_a_first_frame_says_who_it_is_where_headers_are_impossible() -> None:
    async with known_callers() as origin:
        for name, outcome in (("ann", "success"), ("bob", "THREAD_NOT_FOUND")):
            async with opened(origin) as page:
                await page.send("hello", protocol="agui-mux.1", authorization=f"Bearer {name}")
                assert (await page.frame())["type"] == "hello"
                assert await owner_of(page) == outcome


async def test_a_ticket_in_the_address_says_who_it_is_once() -> None:
    async with known_callers() as origin:
        async with opened(origin, query="?ticket=once") as page:
            assert await owner_of(page) == "success"
        async with opened(origin, query="?ticket=once") as page:
            await page.send("ping")
            await page.frame()
            await page.send("hello")
            assert (await page.closed())[0] == 4403


async def test_an_unknown_caller_is_answered_and_turned_away() -> None:
    async with known_callers() as origin:
        for first in (("hello", {}), ("data_request", {"kind": "agents"})):
            async with opened(origin) as page:
                kind, fields = first
                await page.send(kind, "q1" if fields else None, **fields)
                code, reason = await page.closed()
            assert (code, page.seen[-1]["code"]) == (4403, "UNAUTHENTICATED")
            assert reason == page.seen[-1]["message"]


async def test_credentials_that_contradict_each_other_are_refused() -> None:
    async with (
        known_callers() as origin,
        opened(origin, {"authorization": "Bearer ann"}) as page,
    ):
        await page.send("hello", authorization="Bearer bob")
        assert (await page.closed())[0] == 4400
        assert page.seen[-1]["code"] == "INVALID_INPUT"


async def test_authenticate_finds_all_of_hello() -> None:
    seen = []

    def look(request: Request) -> Caller:
        seen.append(request.state.connection_init)
        return Caller("ann")

    runtime = CopilotRuntime({"default": Scripted()}, authenticate=look)
    async with page_of(runtime) as page:
        await page.send("hello", ticket="t-1", tenant={"id": 7})
        await page.frame()
    assert seen[0].items() >= {"ticket": "t-1", "tenant": {"id": 7}}.items()


async def test_what_is_open_ends_with_its_callers_credentials_and_runs_go_on() -> None:
    def soon(request: Request) -> Caller:
        return Caller("ann", expires_at=time.time() + 0.3)

    waiting = Waiting()
    runtime = CopilotRuntime({"default": waiting}, authenticate=soon)
    async with page_of(runtime) as page:
        await page.send("request", "q1", thread_id="t1", input=run_input())
        code, _ = await page.closed()
        assert (code, page.seen[-1]["code"]) == (4403, "CREDENTIAL_EXPIRED")
        assert await runtime.store.log.active("t1")
        waiting.go.set()


async def test_another_subprotocol_is_not_spoken() -> None:
    async with serving(CopilotRuntime({"default": Scripted()})) as origin:
        address = f"{origin.replace('http', 'ws')}/copilotkit/socket"
        for offered in ([], [Subprotocol("graphql-transport-ws")]):
            async with connect(address, subprotocols=offered or None) as connection:
                assert await Page(connection).closed() == (4406, "offer the subprotocol agui-mux.1")


async def test_a_page_of_another_origin_opens_none() -> None:
    options = ServerOptions(cors_origins=("http://mine.test",))
    async with serving(CopilotRuntime({"default": Scripted()}), options=options) as origin:
        async with opened(origin, {"origin": "http://mine.test"}) as page:
            assert (await page.answer("data_request", "d", kind="agents"))["data"]
        with pytest.raises(InvalidStatus) as refused:
            async with opened(origin, {"origin": "http://elsewhere.test"}):
                pass
    assert refused.value.response.status_code == 403


async def test_pages_of_any_origin_bring_no_credentials_of_their_browser() -> None:
    async with known_callers() as origin:
        headers = {"authorization": "Bearer ann", "origin": "http://elsewhere.test"}
        async with opened(origin, headers) as page:
            await page.send("hello")
            assert (await page.closed())[0] == 4403


async def test_there_are_so_many_sockets_and_no_more() -> None:
    wire = WebSocketWire(socket_limits=SocketLimits(connections=1))
    async with (
        serving(CopilotRuntime({"default": Scripted()}), wire) as origin,
        opened(origin) as page,
        opened(origin) as other,
    ):
        assert (await other.closed())[0] == 1013
        await page.send("ping")
        assert await page.frame() == {"type": "pong"}


async def test_who_says_nothing_is_pinged_and_then_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, limits = LoopClock(monkeypatch), SocketLimits(init=600, keep_alive=6)
    wire = WebSocketWire(socket_limits=limits)
    async with page_of(CopilotRuntime({"default": Scripted()}), wire) as page:
        for _ in range(3):
            await clock.pass_by(6)
            assert await page.frame() == {"type": "ping"}
            await page.send("pong")
        for _ in range(2):
            await clock.pass_by(6)
        assert (await page.closed())[0] == 4499


async def test_who_never_begins_is_given_up() -> None:
    wire = WebSocketWire(socket_limits=SocketLimits(init=0.05))
    async with page_of(CopilotRuntime({"default": Scripted()}), wire) as page:
        assert (await page.closed())[0] == 4408
