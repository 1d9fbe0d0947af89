"""What a second wire of WebSockets gets from the shared parts: an echo that knows its callers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from starlette.requests import Request
from starlette.routing import WebSocketRoute
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from agui_runtime import Caller, CopilotRuntime, create_app
from agui_runtime.core import jsontext
from agui_runtime.core.errors import Unauthenticated
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.request_ids import identified
from agui_runtime.wires.shared.sockets import (
    Seats,
    Socket,
    SocketClosing,
    SocketGone,
    SocketLimits,
    TooManyConnections,
    Visitor,
)
from tests.runtime.worlds import Scripted
from tests.support import served

LIMITS = SocketLimits(connections=1, message=200)


def known(request: Request) -> Caller | None:
    token = request.headers.get("authorization")
    return Caller(f"{token} from {request.headers.get('x-real-ip')}") if token else None


class Echo:
    """Its client's first message introduces it; then each comes back with the caller's name."""

    def __init__(self) -> None:
        self._seats = Seats(LIMITS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        send = identified(scope, send)
        await receive()
        await send({"type": "websocket.accept"})
        socket = Socket(receive, send, LIMITS.message, BodyLimits(depth=3))
        try:
            with self._seats.taken():
                await self._talk(scope, socket)
        except TooManyConnections as full:
            await socket.close(SocketClosing(1013, full.message))
        except Unauthenticated as unknown:
            await socket.close(SocketClosing(4403, unknown.message))
        except SocketClosing as close:
            await socket.close(close)
        except SocketGone:
            return

    async def _talk(self, scope: Scope, socket: Socket) -> None:
        payload = await socket.read(60)
        caller, _, request_id = await Visitor(scope, known).introduced(payload)
        while True:
            head = {"caller": caller.owner, "request": request_id}
            await socket.write(jsontext.dumps(head | {"echo": await socket.read(60)}))


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    app = create_app(CopilotRuntime({"default": Scripted()}, authenticate=known))
    app.router.routes.insert(0, WebSocketRoute("/echo", Echo()))
    async with served(app) as origin:
        yield origin.replace("http", "ws", 1) + "/echo"


async def echoed(
    socket: ClientConnection, payload: Mapping[str, Any], message: object = "hi"
) -> dict[str, Any]:
    await socket.send(orjson.dumps(payload).decode())
    await socket.send(orjson.dumps(message).decode())
    answer: dict[str, Any] = orjson.loads(await socket.recv())
    return answer


async def closed(socket: ClientConnection, *messages: str | bytes) -> tuple[int, str]:
    for message in messages:
        await socket.send(message)
    with pytest.raises(ConnectionClosed) as error:
        await socket.recv()
    assert error.value.rcvd is not None
    return error.value.rcvd.code, error.value.rcvd.reason


async def test_the_first_message_introduces_a_client_that_could_set_no_headers() -> None:
    payload = {"authorization": "ann", "headers": {"x-request-id": "r-7"}}
    async with serving() as address, connect(address) as socket:
        assert await echoed(socket, payload) == {
            "caller": "ann from None",
            "request": "r-7",
            "echo": "hi",
        }


async def test_headers_of_the_handshake_count_more_and_those_of_a_proxy_alone() -> None:
    payload = {"authorization": "ann", "x-real-ip": "10.0.0.1", "X-Request-Id": "two words"}
    headers = {"authorization": "ann", "x-request-id": "r-7"}
    async with serving() as address, connect(address, additional_headers=headers) as socket:
        answer = await echoed(socket, payload)
        assert socket.response is not None
        assert socket.response.headers["x-request-id"] == "r-7"
    assert (answer["caller"], answer["request"]) == ("ann from None", "r-7")


async def test_what_a_browser_may_have_added_for_a_foreign_page_is_no_credential() -> None:
    headers = {"authorization": "ann", "origin": "https://elsewhere.test"}
    async with serving() as address, connect(address, additional_headers=headers) as socket:
        code, reason = await closed(socket, "{}")
    assert code == 4403
    assert "credentials" in reason


async def test_a_seat_that_is_given_back_is_for_the_next() -> None:
    async with serving() as address:
        async with connect(address) as first:
            await echoed(first, {"authorization": "ann"})
            async with connect(address) as second:
                assert (await closed(second))[0] == 1013
            await first.close()
            await first.wait_closed()
        while True:
            async with connect(address) as third:
                try:
                    answer = await echoed(third, {"authorization": "ann"})
                except ConnectionClosed:  # the server has not seen yet that the first is gone
                    continue
            assert answer["echo"] == "hi"
            return


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("x", 4400),
        (b"{}", 4400),
        ('"' + "x" * 200 + '"', 1009),
        ("[" * 5 + "]" * 5, 1009),
    ],
)
async def test_a_message_that_cannot_be_read_closes_the_connection(
    message: str | bytes, code: int
) -> None:
    async with serving() as address, connect(address) as socket:
        assert (await closed(socket, message))[0] == code
