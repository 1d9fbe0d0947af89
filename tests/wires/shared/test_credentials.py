"""Who sends two credentials that differ is refused: one might be looked at, and the other passed on
to agents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import FastAPI
from starlette.requests import Request as HttpRequest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from agui_runtime import Caller, CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text
from tests.support import client_of, served
from tests.wires.fuzz.raw import Connection, Request
from tests.wires.graphql.serving import PATH
from tests.wires.graphql.subscribing import socket

ANN, BOB = "Bearer ann-s-token", "Bearer bob-s-token"
REASON = "connection_init: authorization must be one text, the same as in the handshake's header"
WIRES = ["/copilotkit", "/graphql", "/copilotkit/agent/default/run", "/remote/info"]


def by_token(request: HttpRequest) -> Caller | None:
    token = request.headers.get("authorization", "")
    return {ANN: Caller("ann"), BOB: Caller("bob")}.get(token)


def an_app() -> FastAPI:
    runtime = CopilotRuntime(agents={"default": Scripted(*text("m1", "Hi"))}, authenticate=by_token)
    return create_app(runtime, remote_path="/remote")


@pytest.mark.parametrize(
    ("header", "payload"),
    [
        (ANN, {"authorization": BOB}),
        (ANN, {"Authorization": BOB}),
        (ANN, {"headers": {"authorization": BOB}}),
        (ANN, {"authorization": 7}),
        (ANN, {"authorization": f"{ANN}\r\nx-user: bob"}),
        (ANN, {"authorization": ""}),
        (None, {"authorization": ANN, "Authorization": BOB}),
        (None, {"authorization": ANN, "headers": {"authorization": BOB}}),
        (None, {"authorization": [ANN]}),
    ],
)
async def test_a_socket_whose_first_message_contradicts_is_closed(
    header: str | None, payload: Mapping[str, Any]
) -> None:
    headers = {"authorization": header} if header else {}
    async with client_of(an_app()) as client, socket(client, headers=headers) as ws:
        await ws.say("connection_init", payload=payload)
        assert await ws.closed() == (4400, REASON)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"authorization": ANN},
        {"authorization": None},
        {"authorization": ANN, "headers": {"Authorization": ANN}},
        {"x-request-id": "another", "traceparent": 7},
    ],
)
async def test_the_same_twice_is_no_contradiction(payload: Mapping[str, Any]) -> None:
    headers = {"authorization": ANN, "x-request-id": "one"}
    async with client_of(an_app()) as client, socket(client, headers=headers) as ws:
        await ws.initialised(dict(payload))


@pytest.mark.parametrize("path", WIRES)
async def test_a_request_with_two_credentials_is_refused_on_every_wire(path: str) -> None:
    async with client_of(an_app()) as client:
        both = [("authorization", ANN), ("authorization", BOB)]
        refused = await client.post(path, json={}, headers=httpx.Headers(both))
        same = [("authorization", ANN), ("authorization", ANN)]
        let_in = await client.post(path, json={}, headers=httpx.Headers(same))
    assert (refused.status_code, refused.json()["code"]) == (400, "BAD_CREDENTIALS")
    assert "BAD_CREDENTIALS" not in let_in.text


@pytest.mark.parametrize(("token", "status"), [(ANN, 200), ("nobody", 401)])
async def test_white_space_around_a_header_is_no_part_of_it(token: str, status: int) -> None:
    body = b'{"method":"info"}'
    head = (
        b"POST /copilotkit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Authorization: \t %b \t \r\nContent-Length: %d\r\n\r\n" % (token.encode(), len(body))
    )
    async with served(an_app()) as origin:
        connection = Connection(urlsplit(origin).port or 80)
        answer = await connection.exchange(Request(head, body))
        await connection.close()
    assert answer.status == status


async def test_so_is_a_handshake() -> None:
    async with client_of(an_app()) as client:
        address = str(client.base_url).replace("http", "ws").rstrip("/") + PATH
        with pytest.raises(InvalidStatus):
            async with connect(
                address, additional_headers=[("authorization", ANN), ("authorization", BOB)]
            ):
                pass
