"""HTTP as every wire needs it: bodies within limits, whole answers, readers that go away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeAlias, cast

from starlette.types import Receive, Scope, Send

from agui_runtime.core.errors import AguiError, ShuttingDown, TooManyRequests, Unauthenticated
from agui_runtime.wires.shared.bodies import BodyLimits

Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]

AS_IT_COMES: Headers = (
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
)
"""What every streaming answer demands of what stands between: Next.js, Express and CDNs compress
other answers and hold them until their end (RFC 9111 5.2.2.6); nginx collects them.
"""

RETRY_AFTER = (b"retry-after", b"2")
"""Coming back helps, in so many seconds."""

CHALLENGE = (b"www-authenticate", b"Bearer")
"""What RFC 9110 15.5.2 demands of a 401. It names no reason, which only forgers would need."""


def headers_for(error: Exception, challenge: Header = CHALLENGE) -> Headers:
    """What an answer with this error says besides, on every wire."""
    if isinstance(error, TooManyRequests):
        return ((b"retry-after", b"%d" % error.retry_after),)
    return (challenge,) if isinstance(error, Unauthenticated) else ()


def log_failure(logger: logging.Logger, error: Exception) -> None:
    """A line for a failure of ours. That a server drains, its runtime says once for all."""
    level = logging.DEBUG if isinstance(error, ShuttingDown) else logging.ERROR
    cause = None if isinstance(error, AguiError) and error.__cause__ is None else error
    logger.log(level, "failed: %s", error, exc_info=cause)


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


READ_AWAY = 256 * 2**20
"""So many bytes over the limit are still read. A connection that is closed while its client sends
is reset, and the client never sees why.
"""


async def read_body(scope: Scope, receive: Receive, limits: BodyLimits) -> bytes:
    """The request's body; raises TooLarge or ClientGone.

    One that is too large is read to its end first, unless the client waits for a word
    (`Expect: 100-continue`).
    """
    headers: Mapping[bytes, bytes] = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    announced = int(length[:20]) if length.isdigit() else 0
    most = limits.bytes + READ_AWAY
    if announced > most or (announced > limits.bytes and b"expect" in headers):
        raise limits.exceeded("bytes")
    body, size, more = bytearray(), 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        part, more = message.get("body", b""), message.get("more_body", False)
        size += len(part)
        if max(size, announced) <= limits.bytes:
            body += part
        elif size <= most:
            body.clear()
        else:
            break
    if size > limits.bytes:
        raise limits.exceeded("bytes")
    return bytes(body)


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work; when its client closes the connection first, cancel it and return False. The
    request's body must have been read.

    The work has a task of its own, and its caller waits for the client: what wakes a task passes
    through all that its code is called by, and of that a request has much.
    """
    working = asyncio.create_task(work)
    try:
        await _gone_or_done(receive, working)
    finally:
        gone = not working.done()
        if gone:
            working.cancel()
            await asyncio.wait((working,))
    if not (gone and working.cancelled()):
        working.result()
    return not gone


async def _gone_or_done(receive: Receive, working: asyncio.Task[None]) -> None:
    """Return when the client has closed the connection, or the work is done."""
    waiting = cast(asyncio.Task[None], asyncio.current_task())
    before, is_over, is_done = waiting.cancelling(), False, False

    def end(_: object) -> None:
        nonlocal is_done
        if not is_over:  # else the client has gone in the same moment
            is_done = waiting.cancel()

    working.add_done_callback(end)
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
        await asyncio.sleep(0)  # servers say so after the last part of an answer, too
    except asyncio.CancelledError:
        if not is_done or waiting.cancelling() > before + 1:  # somebody else cancels, too
            raise
    finally:
        is_over = True
        working.remove_done_callback(end)
        if is_done:
            waiting.uncancel()
