"""A proxy that names its users in a header is believed where it really is the proxy that calls."""

from __future__ import annotations

import json
import logging

import httpx
import pytest
from starlette.requests import Request
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from websockets.asyncio.client import connect

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.authentication import TrustedProxy
from agui_runtime.core.errors import Misconfigured
from tests.programs import serving
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served

HEADER = "X-Forwarded-User"
NAMED = {HEADER: "ann"}
LIST = "/copilotkit/threads"


def asked(peer: tuple[str, int] | None, *values: str, **more: str) -> Request:
    headers = [(HEADER.lower().encode(), value.encode()) for value in values]
    others = [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return Request({"type": "http", "headers": [*headers, *others], "client": peer})


@pytest.mark.parametrize("peer", ["10.1.2.3", "::ffff:10.1.2.3", "fd00::7", "fe80::1%eth0"])
def test_the_proxy_is_believed(peer: str) -> None:
    proxy = TrustedProxy(HEADER, ["10.0.0.0/8", "fd00::/8", "fe80::1"])
    caller = proxy(asked((peer, 4711), "ann"))
    assert caller is not None
    assert caller.owner == "ann"


@pytest.mark.parametrize(
    "request_",
    [
        asked(("11.1.2.3", 4711), "ann"),
        asked(("10.1.2.3", 4711)),
        asked(("10.1.2.3", 4711), ""),
        asked(("10.1.2.3", 4711), "ann", "bob"),
        asked(("10.1.2.3", 0), "ann"),  # put there by a server that believes X-Forwarded-For
        asked(("10.1.2.3", 99), "ann", x_forwarded_for="10.1.2.3:99"),
        asked(("10.1.2.3", 99), "ann", x_forwarded_for="10.1.2.3, 9.9.9.9"),
        asked(("/run/socket", 1), "ann"),
        asked(("", 1), "ann"),
        asked(None, "ann"),
    ],
)
def test_nobody_else_is(request_: Request, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert TrustedProxy(HEADER, ["10.0.0.0/8"])(request_) is None
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        (HEADER, []),
        (HEADER, "10.0.0.1"),
        (HEADER, ["everybody"]),
        (HEADER, ["10.0.0.1/8"]),
        ("", ["10.0.0.1"]),
        ("x user", ["10.0.0.1"]),
        ("Cookie", ["10.0.0.1"]),
        ("Authorization", ["10.0.0.1"]),
    ],
)
def test_what_cannot_be_meant_is_refused(header: str, addresses: list[str]) -> None:
    with pytest.raises(Misconfigured):
        TrustedProxy(header, addresses)


def an_app() -> ASGIApp:
    runtime = CopilotRuntime(
        {"default": Scripted(*text("m1", "Hello"))},
        authenticate=TrustedProxy(HEADER, ["127.0.0.1"]),
    )
    return create_app(runtime)


async def test_a_user_behind_the_proxy_is_known_over_http_and_on_sockets() -> None:
    async with client_of(an_app()) as client:
        assert (await client.get(LIST, headers=NAMED)).status_code == 200
        assert (await client.get(LIST)).status_code == 401
        address = str(client.base_url).replace("http", "ws") + "/copilotkit"
        async with connect(
            address,
            additional_headers=NAMED,
            subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            assert json.loads(await socket.recv())["type"] == "connection_ack"


async def test_a_first_message_cannot_stand_in_for_the_proxys_header() -> None:
    async with served(an_app()) as origin:
        address = origin.replace("http", "ws") + "/copilotkit"
        async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            payload = {**NAMED, "headers": NAMED}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            await socket.wait_closed()
            assert socket.close_code == 4403


async def test_a_page_of_another_origin_does_not_act_for_the_user_whom_the_proxy_knows() -> None:
    """As with cookies: the proxy adds its header to whatever the user's browser sends."""
    async with client_of(an_app()) as client:
        evil = {**NAMED, "origin": "https://evil.example"}
        body = {"method": "info"}
        assert (await client.post("/copilotkit", json=body, headers=NAMED)).status_code == 200
        assert (await client.post("/copilotkit", json=body, headers=evil)).status_code == 401


async def test_serve_knows_the_proxy_whatever_a_header_says() -> None:
    settings = {"AGUI_PROXY_HEADER": HEADER, "AGUI_PROXY_ADDRESSES": "127.0.0.1"}
    async with serving(**settings) as (_, origin, _), httpx.AsyncClient(base_url=origin) as client:
        for claim in ("203.0.113.9", "127.0.0.1"):
            answer = await client.get(LIST, headers={**NAMED, "x-forwarded-for": claim})
            assert answer.status_code == 200


async def test_serve_knows_who_poses_as_the_proxy() -> None:
    settings = {"AGUI_PROXY_HEADER": HEADER, "AGUI_PROXY_ADDRESSES": "10.0.0.5"}
    async with serving(**settings) as (_, origin, _), httpx.AsyncClient(base_url=origin) as client:
        answer = await client.get(LIST, headers={**NAMED, "x-forwarded-for": "10.0.0.5:12"})
        assert answer.status_code == 401


async def test_under_a_server_that_believes_everybody_nobody_can_pose_as_the_proxy() -> None:
    runtime = CopilotRuntime(
        {"default": Scripted(*text("m1", "Hello"))}, authenticate=TrustedProxy(HEADER, ["10.0.0.5"])
    )
    app = ProxyHeadersMiddleware(create_app(runtime), "*")  # type: ignore[arg-type]  # the same
    async with served(app) as origin, httpx.AsyncClient() as client:  # type: ignore[arg-type]  # the same
        for claim in ("10.0.0.5", "10.0.0.5:1234", "[10.0.0.5]:1", "10.0.0.5, 1.2.3.4"):
            answer = await client.get(origin + LIST, headers={**NAMED, "x-forwarded-for": claim})
            assert answer.status_code == 401
