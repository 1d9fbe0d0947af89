"""HTTP as every wire needs it: bodies within limits, whole answers, readers that go away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeAlias

from starlette.types import Receive, Scope, Send

from agui_runtime.wires.bodies import BodyLimits

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]

AS_IT_COMES: Headers = (
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
"""What every streaming answer says to whatever stands between: Next.js, Express and CDNs compress
other answers and hold them until their end (RFC 9111 5.2.2.6); nginx collects them.
"""

Envelope: TypeAlias = Callable[[Scope, Receive, Send, Any], Awaitable[None]]
"""An ASGI app for POST bodies `{"method": ..., "params"?, "body"?}`, which were read already."""


class ClientGone(Exception):
    """The client closed the connection before it had sent its request."""


async def reply(send: Send, status: int, headers: Headers, body: bytes) -> None:
    """A whole response; RFC 9110 8.6 forbids a length for 204."""
    length = [] if status == 204 else [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *length]})
    await send({"type": "http.response.body", "body": body})


def headers_of(scope: Scope) -> dict[str, str]:
    """The request's headers by their lower-case names; of a repeated one the last."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


async def read_body(headers: Mapping[str, str], receive: Receive, limits: BodyLimits) -> bytes:
    """The request's body; raises TooLarge or ClientGone."""
    told = headers.get("content-length", "")
    if told.isdigit() and int(told) > limits.bytes:
        raise limits.exceeded("bytes")
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > limits.bytes:
            raise limits.exceeded("bytes")
        more = message.get("more_body", False)
    return bytes(body)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; when the client closes the connection first, cancel it and return False."""
    task = asyncio.create_task(work)
    gone = asyncio.create_task(disconnected(receive))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        finished = task.done()
    finally:
        gone.cancel()
        task.cancel()  # does nothing to a task that is done
        await asyncio.wait((task, gone))
    if finished:
        task.result()
    return finished


async def disconnected(receive: Receive) -> None:
    """Return when the client has closed the connection; the request's body must have been read."""
    while (await receive())["type"] != "http.disconnect":
        pass
