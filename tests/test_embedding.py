"""Several apps in one process, mounted ones, those behind a proxy, and lifespans of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.applications import Starlette
from starlette.routing import Mount
from websockets.asyncio.client import connect

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served
from tests.wires.agui.serving import events, run_body, text as words

HELLO = {"query": "{ hello }"}
INFO = {"method": "info"}


def saying(word: str) -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", word))})


async def replied(client: httpx.AsyncClient, url: str) -> str:
    answer = await client.post(f"{url}/agent/default/run", json=run_body())
    return words(events(answer.text))


async def test_several_apps_in_one_process_know_nothing_of_each_other() -> None:
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(client_of(create_app(saying("one"))))
        other = create_app(saying("two"), path="/chat", cors_origins=["https://a.test"])
        two = await stack.enter_async_context(client_of(other))
        assert await replied(one, "/copilotkit") == "one"
        assert await replied(two, "/chat") == "two"
        assert (await two.post("/copilotkit", json=INFO)).status_code == 404
        foreign = {"origin": "https://b.test"}
        assert (await one.post("/copilotkit", json=INFO, headers=foreign)).status_code == 200
        assert (await two.post("/chat", json=INFO, headers=foreign)).status_code == 403
        listed = [(await each.get(f"{path}/threads")) for each, path in ((one, "/copilotkit"),)]
        assert [len(answer.json()["threads"]) for answer in listed] == [1]


@pytest.mark.parametrize("prefix", ["/ai", "/deep/down"])
@pytest.mark.parametrize("path", ["/copilotkit", "/"])
async def test_a_mount_below_a_prefix_serves_every_wire(prefix: str, path: str) -> None:
    runtime = saying("mounted")
    outer = FastAPI(lifespan=runtime.lifespan)
    outer.mount(prefix, create_app(runtime, path=path, remote_path="/remote"))
    async with served(outer) as origin, httpx.AsyncClient(base_url=origin) as client:
        url = f"{prefix}{path}".rstrip("/")
        await every_wire(client, url)
        if path != "/":
            assert (await client.post(f"{prefix}/remote/info", json={})).status_code == 200
        assert (await client.get(f"{prefix}/readyz")).status_code == 200


async def every_wire(client: httpx.AsyncClient, url: str) -> None:
    base = url if url.endswith("/copilotkit") else f"{url}/"
    assert (await client.post(base, json=HELLO)).json()["data"] == {"hello": "Hello World"}
    assert (await client.post(base, json=INFO)).status_code == 200
    assert (await client.get(f"{url}/info")).status_code == 200
    assert await replied(client, url) == "mounted"
    page = await client.get(base, headers={"accept": "text/html"})
    assert (page.status_code, "text/html" in page.headers["content-type"]) == (200, True)
    address = f"{client.base_url}".replace("http", "ws", 1).rstrip("/") + base
    async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]  # a str
        await socket.send('{"type":"connection_init"}')
        assert await socket.recv() == '{"type":"connection_ack"}'


@pytest.mark.parametrize("path", ["/copilotkit", "/"])
async def test_behind_a_proxy_that_cuts_a_prefix_off_every_wire_is_served(path: str) -> None:
    app = create_app(saying("mounted"), path=path)
    async with (
        served(app, root_path="/behind") as origin,
        httpx.AsyncClient(base_url=origin) as client,
    ):
        await every_wire(client, path.rstrip("/"))


async def test_an_own_lifespan_is_entered_while_the_runtime_is_open() -> None:
    runtime = saying("hello")
    seen: list[tuple[str, bool]] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        seen.append(("begun", runtime.is_open))
        yield {"pool": "a pool"}
        seen.append(("ended", runtime.is_open))

    app = create_app(runtime, lifespan=lifespan)

    @app.get("/pool")
    async def pool(request: Request) -> str:
        return str(request.state.pool)

    async with client_of(app) as client:
        assert (await client.get("/pool")).json() == "a pool"
        assert await replied(client, "/copilotkit") == "hello"
    assert seen == [("begun", True), ("ended", True)]
    assert not runtime.is_open


async def test_an_own_lifespan_that_raises_closes_the_runtime() -> None:
    runtime = saying("hello")

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await a_pool()
        yield

    app = create_app(runtime, lifespan=lifespan)
    with pytest.raises(LookupError):
        async with app.router.lifespan_context(app):
            pass
    assert not runtime.is_open


async def a_pool() -> None:
    raise LookupError("no pool")


async def test_an_app_whose_lifespan_nobody_enters_says_what_to_write(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = f"sqlite:///{tmp_path / 'threads.db'}"
    outer = FastAPI()
    outer.mount("/ai", create_app(CopilotRuntime({"default": Scripted()}, store=store)))
    async with served(outer) as origin, httpx.AsyncClient(base_url=f"{origin}/ai") as client:
        run = await client.post("/copilotkit/agent/default/run", json=run_body())
        listed = await client.post("/copilotkit", json={"query": "{ threads { nodes { id } } }"})
        ready = await client.get("/readyz")
    assert (run.status_code, ready.status_code) == (503, 503)
    for shown in (run.text, listed.text, ready.text, caplog.text):
        assert "FastAPI(lifespan=runtime.lifespan)" in shown
        assert "docs/embedding.md" in shown


async def test_two_apps_of_one_runtime_open_it_once_and_the_last_closes_it() -> None:
    runtime = saying("hello")
    seen: list[bool] = []

    @asynccontextmanager
    async def both(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for each in (first, second):
                await stack.enter_async_context(each.router.lifespan_context(each))
            yield
            await stack.aclose()
            seen.append(runtime.is_open)

    first, second = create_app(runtime), create_app(runtime, path="/chat")
    outer = Starlette(routes=[Mount("/a", first), Mount("/b", second)], lifespan=both)
    async with served(outer) as origin, httpx.AsyncClient(base_url=origin) as client:
        assert await replied(client, "/a/copilotkit") == "hello"
        listed = (await client.get("/b/chat/threads")).json()["threads"]
        assert [thread["id"] for thread in listed] == ["t1"]
    assert seen == [False]
