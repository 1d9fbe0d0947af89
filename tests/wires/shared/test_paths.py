"""A slash at the end of a path changes nothing, on any wire, and the root is a path as well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from starlette.routing import Mount
from starlette.types import ASGIApp
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.commands.hosting import mounted
from tests.runtime.worlds import Scripted, text
from tests.support import client_of
from tests.wires.agui.serving import events, run_body
from tests.wires.graphql.subscribing import PROTOCOL

HELLO = {"query": "{ hello }"}
PAGE = {"accept": "text/html"}
BASES = {"/copilotkit": "", "/ai/copilotkit": "/ai", "": "", "/ai": "/ai"}
"""Where the wires are, and where the app is mounted."""


def app(base: str, prefix: str) -> FastAPI:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    inner = create_app(runtime, path=base.removeprefix(prefix) or "/", remote_path="/remote/")
    if not prefix:
        return inner
    outer = FastAPI()
    outer.mount(prefix, inner)
    return outer


@pytest.fixture(params=list(BASES))
def base(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def script_of(page: httpx.Response) -> str:
    return page.text.partition('<script defer src="')[2].partition('"')[0]


REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "", HELLO),
    ("POST", "", {"method": "info"}),
    ("GET", "?query={hello}", None),
    ("GET", "/health", None),
    ("GET", "/playground/page.js", None),
    ("GET", "/info", None),
    ("POST", "/agent/default/run", run_body()),
    ("POST", "/agent/default/connect", run_body()),
    ("POST", "/agent/default/stop/t1", {}),
    ("GET", "/threads?limit=1", None),
    ("GET", "/threads/t1/messages", None),
    ("POST", "/threads/t1/archive", {}),
    ("PATCH", "/threads/t1", {"name": "x"}),
]
OUTSIDE: list[tuple[str, str, Any]] = [
    ("POST", "/graphql", HELLO),
    ("GET", "/healthz", None),
    ("GET", "/readyz", None),
    ("POST", "/remote/info", {}),
    ("POST", "/remote/agents/state", {"name": "default", "threadId": "t1"}),
]


async def test_a_slash_at_the_end_changes_nothing(base: str) -> None:
    prefix = BASES[base]
    outside = [(method, prefix + path, body) for method, path, body in OUTSIDE]
    inside = [(method, base + path, body) for method, path, body in REQUESTS]
    async with client_of(app(base, prefix)) as client:
        for method, path, body in [*inside, *outside]:
            there, _, query = path.partition("?")
            for slashes in ("/", "//"):
                answer = await client.request(method, f"{there}{slashes}?{query}", json=body)
                assert answer.status_code == 200, f"{method} {path}{slashes}: {answer.text}"


async def test_a_run_below_the_root_is_delivered(base: str) -> None:
    async with client_of(app(base, BASES[base])) as client:
        answer = await client.post(f"{base}/agent/default/run/", json=run_body())
    assert events(answer.text)[-1]["type"] == "RUN_FINISHED"


@pytest.mark.parametrize("slash", ["", "/"])
async def test_the_page_finds_its_files_with_or_without_the_slash(base: str, slash: str) -> None:
    async with client_of(app(base, BASES[base])) as client:
        page = await client.get(f"{base}{slash}" or "/", headers=PAGE, follow_redirects=True)
        file = await client.get(str(page.url.join(script_of(page))))
    assert (page.status_code, file.status_code) == (200, 200)
    assert file.headers["content-type"].startswith("text/javascript")


async def test_a_websocket_may_be_opened_with_the_slash(base: str) -> None:
    async with client_of(app(base, BASES[base])) as client:
        url = str(client.base_url.join(f"{base}/")).replace("http", "ws", 1)
        async with connect(url, subprotocols=[Subprotocol(PROTOCOL)]) as connection:
            await connection.send(orjson.dumps({"type": "connection_init"}).decode())
            answer: Mapping[str, Any] = orjson.loads(await connection.recv())
    assert answer["type"] == "connection_ack"


async def test_a_page_of_another_origin_may_ask_with_the_slash() -> None:
    asking = {"origin": "https://x.test", "access-control-request-method": "POST"}
    async with client_of(app("/copilotkit", "")) as client:
        preflight = await client.options("/copilotkit/", headers=asking)
        answer = await client.post("/copilotkit/", json=HELLO, headers={"origin": "https://x.test"})
    assert (preflight.status_code, answer.status_code) == (200, 200)
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_bodies_must_be_json_wherever_the_wires_are(base: str) -> None:
    body = orjson.dumps(run_body())
    async with client_of(app(base, BASES[base])) as client:
        for path in ("/agent/default/run", "/agent/default/run/", "/"):
            plain = {"content-type": "text/plain"}
            answer = await client.post(f"{base}{path}", content=body, headers=plain)
            assert answer.status_code == 415


@pytest.mark.parametrize("path", ["/copilotkit/playground/", "/copilotkit//info", "/nothing/"])
async def test_what_is_not_there_is_not_redirected(path: str) -> None:
    async with client_of(app("/copilotkit", "")) as client:
        answer = await client.get(path)
    assert answer.status_code == 404


def listed() -> ASGIApp:
    """An app at the root of its mount, beside another one."""
    return mounted([Mount("/ai", app("", "")), Mount("/other", app("/copilotkit", ""))])


def nested() -> ASGIApp:
    """The same in an app that is somebody's own."""
    return mounted([Mount("", app("/ai", "/ai"))])


@pytest.mark.parametrize("served", [listed, nested])
@pytest.mark.parametrize("slash", ["", "/"])
async def test_an_app_at_the_root_of_its_mount_is_at_the_path_of_the_mount(
    served: Callable[[], ASGIApp], slash: str
) -> None:
    asking = {"origin": "https://x.test", "access-control-request-method": "POST"}
    async with client_of(served()) as client:
        answers = [
            await client.post(f"/ai{slash}", json={"method": "info"}),
            await client.post(f"/ai{slash}", json=HELLO),
            await client.options(f"/ai{slash}", headers=asking),
            page := await client.get(f"/ai{slash}", headers=PAGE),
            await client.get(str(page.url.join(script_of(page)))),
        ]
        url = str(client.base_url.join(f"/ai{slash}")).replace("http", "ws", 1)
        async with connect(url, subprotocols=[Subprotocol(PROTOCOL)]):
            pass
        beside = await client.get("/air")
    assert [answer.status_code for answer in answers] == [200] * 5
    assert beside.status_code == 404
