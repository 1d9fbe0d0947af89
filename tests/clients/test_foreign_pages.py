"""Pages of other origins, in a real Chromium that has the user's cookie for this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse

from agui_runtime import Caller, CopilotRuntime, create_app
from tests.clients.browser import Browser, Json, Tab, as_list
from tests.runtime.worlds import ANN, Scripted, asking, ran, text
from tests.support import served
from tests.wires.agui.serving import run_body

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Everything that a page can send without being asked for leave, and what it has to ask leave for.
ATTACK = """async ([runtime, run]) => {
    const body = JSON.stringify(run);
    const form = new FormData();
    form.append("audio", new Blob([body], {type: "audio/webm"}), "a.webm");
    const simple = {method: "POST", mode: "no-cors", credentials: "include"};
    const json = {"content-type": "application/json"};
    const asking = {method: "POST", credentials: "include", headers: json};
    const archive = `${runtime}/threads/t1/archive`;
    const tries = {
        text: () => fetch(`${runtime}/agent/default/run`, {...simple, body}),
        bytes: () => fetch(`${runtime}/agent/default/run`,
            {...simple, body: new TextEncoder().encode(body)}),
        form: () => fetch(`${runtime}/agent/default/run`,
            {...simple, body: new URLSearchParams({threadId: "new"})}),
        parts: () => fetch(`${runtime}/transcribe`, {...simple, body: form}),
        disguise: () => fetch(`${runtime}/agent/default/run`,
            {...simple, headers: {"content-type": "text/plain; application/json"}, body}),
        archive: () => fetch(archive, simple),
        beacon: async () => navigator.sendBeacon(`${runtime}/agent/default/run`, body),
        envelope: () => fetch(runtime, {...simple, body: JSON.stringify(
            {method: "agent/run", params: {agentId: "default"}, body: run})}),
        read: () => fetch(`${runtime}/threads`, {credentials: "include"}),
        run: () => fetch(`${runtime}/agent/default/run`, {...asking, body}),
        typed: () => fetch(archive, asking),
        rename: () => fetch(`${runtime}/threads/t1`,
            {...asking, method: "PATCH", body: '{"name": "mine"}'}),
        drop: () => fetch(`${runtime}/threads/t1`, {...asking, method: "DELETE"}),
        plain: () => fetch(`${runtime}/agent/default/run`,
            {method: "POST", headers: json, body}),
        socket: () => new Promise((settle) => {
            const socket = new WebSocket(runtime.replace("http", "ws"), "graphql-transport-ws");
            socket.onopen = () => socket.send('{"type": "connection_init"}');
            socket.onmessage = (event) => settle({status: JSON.parse(event.data).type});
            socket.onclose = ({code}) => settle({status: code});
        }),
    };
    const outcomes = [];
    for (const [name, attempt] of Object.entries(tries)) {
        try { outcomes.push([name, (await attempt()).status ?? 0]); }
        catch { outcomes.push([name, "blocked"]); }
    }
    return outcomes;
}"""

USE = """async (runtime) => {
    const json = {"content-type": "application/json"};
    const named = await fetch(`${runtime}/threads/t1`,
        {method: "PATCH", credentials: "include", headers: json, body: '{"name": "hers"}'});
    const socket = new WebSocket(runtime.replace("http", "ws"), "graphql-transport-ws");
    const told = new Promise((settle) => {
        socket.onopen = () => socket.send('{"type": "connection_init"}');
        socket.onmessage = (event) => settle(JSON.parse(event.data).type);
        socket.onclose = ({code}) => settle(code);
    });
    return [named.status, await told];
}"""


class Town(NamedTuple):
    """A runtime that knows ann by her cookie, and two sites that she visits."""

    runtime: CopilotRuntime
    address: str
    seen: list[str | None]
    good: Tab
    evil: Tab

    async def state(self) -> object:
        return await self.runtime.threads.read("t1", ANN), await self.runtime.threads.list(
            ANN, include_archived=True
        )


def a_site() -> FastAPI:
    site = FastAPI()

    @site.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse("A page", headers={"set-cookie": "session=ann; Path=/"})

    return site


@asynccontextmanager
async def town(browser: Browser, *, listing: bool) -> AsyncIterator[Town]:
    seen: list[str | None] = []

    def who(request: Request) -> Caller | None:
        seen.append(request.cookies.get("session"))
        return Caller(seen[-1]) if seen[-1] else None

    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}, authenticate=who)
    async with served(a_site()) as good, served(a_site()) as evil:
        app = create_app(runtime, cors_origins=[good] if listing else ["*"])
        async with served(app) as origin:
            await ran(runtime, asking(agent="default"))
            tab = await browser.open(good)
            other = await browser.open(evil, tab)
            yield Town(runtime, f"{origin}/copilotkit", seen, tab, other)
            await other.close()
            await tab.close()


@pytest.mark.parametrize("listing", [True, False])
async def test_a_foreign_page_changes_nothing_and_reads_nothing(
    browser: Browser, listing: bool
) -> None:
    async with town(browser, listing=listing) as found:
        before = await found.state()
        run: Json = run_body(thread="new")
        outcomes = await found.evil.read(ATTACK, [found.address, run])
        assert await found.state() == before
        assert set(found.seen) <= {None}
    told = dict(_pair(each) for each in as_list(outcomes))
    may_ask = [told.pop(name) for name in ("plain", "socket")]
    assert may_ask == (["blocked", 1006] if listing else [401, 4403])
    assert set(told.values()) <= {0, "blocked"}


def _pair(outcome: Json) -> tuple[str, Json]:
    name, status = as_list(outcome)
    return str(name), status


async def test_a_listed_page_is_who_its_user_is(browser: Browser) -> None:
    async with town(browser, listing=True) as found:
        assert await found.good.read(USE, found.address) == [200, "connection_ack"]
        assert (await found.runtime.threads.get("t1", ANN)).name == "hers"
        assert set(found.seen) == {"ann"}


@pytest.mark.parametrize("listing", [True, False])
async def test_and_so_are_the_servers_own(browser: Browser, listing: bool) -> None:
    async with town(browser, listing=listing) as found:
        own = await browser.open(f"{found.address}/info", found.good)
        assert await own.read(USE, found.address) == [200, "connection_ack"]
        await own.close()
        assert set(found.seen) == {"ann"}
