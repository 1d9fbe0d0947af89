"""Answers of the application's own: from `authenticate`, and before each request, on every wire."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agui_runtime import Caller, CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text
from tests.support import served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.serving import PATH

AGENTS = {"query": "{ availableAgents { agents { name } } }"}
WIRES: list[tuple[str, dict[str, Any]]] = [
    (PATH, AGENTS),
    (PATH, {"method": "info"}),
    (f"{PATH}/agent/default/run", run_body()),
    (f"{PATH}/threads/t1/archive", {}),
    ("/copilotkit_remote/info", {}),
]


@asynccontextmanager
async def serving(**options: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))}, **options)
    app = create_app(runtime, remote_path="/copilotkit_remote")
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        yield client


def pay_first(request: Request) -> Response:
    return JSONResponse({"please": "pay"}, 402, {"x-plan": "free"})


async def sign_in(request: Request) -> Response | None:
    known = "authorization" in request.headers
    return None if known else RedirectResponse("/login")


def wait_a_minute(request: Request) -> Response:
    return JSONResponse({"please": "wait"}, 429, {"Retry-After": "60"})


async def test_an_answer_that_says_when_to_come_back_is_sent_as_it_is() -> None:
    async with serving(before_request=wait_a_minute) as client:
        answer = await client.get(f"{PATH}/info")
    assert answer.headers.get_list("retry-after") == ["60"]


@pytest.mark.parametrize(("path", "body"), WIRES)
async def test_authenticate_may_answer_by_itself(path: str, body: dict[str, Any]) -> None:
    async with serving(authenticate=pay_first) as client:
        answer = await client.post(path, json=body)
    assert (answer.status_code, answer.json()) == (402, {"please": "pay"})
    assert answer.headers["x-plan"] == "free"


@pytest.mark.parametrize(("path", "body"), WIRES)
async def test_so_may_what_is_called_before_each_request(path: str, body: dict[str, Any]) -> None:
    async with serving(before_request=sign_in) as client:
        refused = await client.post(path, json=body)
        passed = await client.post(path, json=body, headers={"authorization": "Bearer ann"})
    assert (refused.status_code, refused.headers["location"]) == (307, "/login")
    assert passed.status_code != 307


@pytest.mark.parametrize(("path", "body"), WIRES)
@pytest.mark.parametrize("option", ["authenticate", "before_request"])
async def test_what_is_no_answer_is_reported_in_the_log(
    path: str, body: dict[str, Any], option: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(**{option: lambda request: "ann"}) as client:
        answer = await client.post(path, json=body, headers={"x-request-id": "r-7"})
        forged = await client.post(path, json=body, headers={"x-request-id": "r-8 failed"})
    assert answer.status_code in {200, 500}
    assert "ann" not in answer.text
    assert "returned a str" in caplog.text
    assert answer.headers["x-request-id"] == "r-7"
    assert [each.levelname for each in caplog.records if "r-7" in each.getMessage()] == ["ERROR"]
    assert len(forged.headers["x-request-id"]) == 32


async def test_a_handshake_gets_the_answer_and_a_socket_that_is_open_is_closed() -> None:
    async with serving(before_request=pay_first) as client:
        address = str(client.base_url).replace("http", "ws") + PATH
        with pytest.raises(InvalidStatus) as refused:
            await connect(address, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
    assert refused.value.response.status_code == 402
    async with serving(authenticate=pay_first) as client:
        address = str(client.base_url).replace("http", "ws") + PATH
        async with connect(address, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
            await socket.send('{"type":"connection_init"}')
            with pytest.raises(ConnectionClosed) as closed:
                await socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403


async def test_a_caller_passes(caplog: pytest.LogCaptureFixture) -> None:
    async with serving(
        authenticate=lambda request: Caller("ann"), before_request=lambda request: None
    ) as client:
        answer = await client.post(PATH, json=AGENTS)
    assert answer.json()["data"]["availableAgents"]["agents"]
    assert [each for each in caplog.records if each.levelno >= logging.WARNING] == []
