"""Connections of uvicorn that give their clients a limited time to say what they want."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Receive, Scope, Send

from agui_runtime.authentication.requests import PEER
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.one_write import HeadHeld
from agui_runtime.small_parts import SmallEvent, SmallQueue

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import (
        HttpToolsProtocol as HttpProtocol,
        RequestResponseCycle,
    )
else:
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HttpProtocol

logger = lasting_logger_of(__name__)

TLS = b"\x16\x03"
"""How clients begin that were given an address with https:// (RFC 8446 5.1: a handshake)."""


def known_peers(app: ASGIApp) -> ASGIApp:
    """The app, which is given with each request where its connection came from."""

    def named(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        # Into the server's own scope, whose `client` its access lines name.
        scope[PEER] = scope.get("client")
        return app(scope, receive, send)

    return named


def uncounted(code: str) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Between requests a connection owes one: its lines and headers must come within `seconds` from
    their first byte (a new connection's from its beginning), and have at most `header_bytes`. When
    more than `owing` connections owe one, those that have for longer than `grace` seconds are
    closed, the oldest first. Raises Misconfigured for what is not positive.
    """

    seconds: float = 10.0
    header_bytes: int = 65_536
    owing: int = 500
    grace: float = 1.0

    def __post_init__(self) -> None:
        if min(self.seconds, self.header_bytes, self.owing) <= 0 or self.grace < 0:
            raise Misconfigured("the limits of connections must be more than 0")


class Debtors:
    """The connections of a process that owe a request, the oldest first."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self._limits = limits
        self._since: dict[TimedProtocol, float] = {}

    def add(self, connection: TimedProtocol, now: float) -> None:
        """May close another one."""
        self._since[connection] = now
        oldest, since = next(iter(self._since.items()))
        if len(self._since) > self._limits.owing and since + self._limits.grace <= now:
            self.discard(oldest)
            oldest.give_up()

    def discard(self, connection: TimedProtocol) -> None:
        self._since.pop(connection, None)


class TimedProtocol(HttpProtocol):
    """uvicorn's protocol with such limits: `--http agui_runtime.connections:TimedProtocol`.

    What a body may take is decided where it is read; a client that goes on sending one after it was
    answered gets as long as for a header. `refused` is called with the code of what never became a
    request, and was answered.
    """

    limits = ConnectionLimits()
    debtors = Debtors(limits)
    refused: Callable[[str], None] = staticmethod(uncounted)

    # Beside uvicorn's own attributes: with more than 30, each instance has a dictionary of 1.5 kB.
    __slots__ = ("_has_begun", "_in_header", "_is_leaving", "_owed", "_timer", "_upgraded")

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._timer: asyncio.TimerHandle | None = None
        self._owed = 0
        self._has_begun = self._in_header = self._upgraded = self._is_leaving = False
        super().connection_made(transport)
        self.pipeline = SmallQueue()  # type: ignore[assignment]  # a deque there
        self.flow._is_writable_event = SmallEvent(is_set=True)
        self._owe()

    def connection_lost(self, exc: Exception | None) -> None:
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if not self._has_begun and data.startswith(TLS):
            self._refuse_tls()
            return
        self._has_begun = True
        super().data_received(data)
        if self._upgraded or self._is_answering():
            self._settle()
            return
        self._owe()
        self._owed += len(data)
        if self._in_header and self._owed > self.limits.header_bytes:
            self._refuse(b"431 Request Header Fields Too Large", "HTTP_431")

    def handle_websocket_upgrade(self, *event: object) -> None:
        self._upgraded = True
        super().handle_websocket_upgrade(*event)

    def on_message_begin(self) -> None:
        """Called by httptools; h11, which is used where that is missing, has a limit of its own."""
        self._in_header = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_header = False
        super().on_headers_complete()
        if getattr(self.cycle, "scope", None) is self.scope:  # there is none for a WebSocket
            self.cycle.message_event = SmallEvent()
            if self.scope["method"] != "HEAD":  # nothing follows that one's head
                self.cycle.transport = HeadHeld(self.cycle, self.loop)  # type: ignore[assignment]  # it has all that is called
        if self._is_leaving:
            self.leave()

    def send_400_response(self, msg: str) -> None:
        """Called by uvicorn for what is no HTTP."""
        self.refused("HTTP_400")
        super().send_400_response(msg)

    def leave(self) -> None:
        """Close after the next answer whose head can say so: a client that does not know would send
        its next request into a closed connection.
        """
        self._is_leaving = True
        if self._is_answering() and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def leave_now(self) -> None:
        """Close at once, or after the answer that is under way."""
        self._is_leaving = True
        if self._is_answering():
            self.cycle.keep_alive = False
        elif not self._in_header:
            self._close()

    def give_up(self) -> None:
        """Close a connection that owes a request, with an answer if it had begun one."""
        if self._in_header:
            self._refuse(b"408 Request Timeout", "REQUEST_TIMEOUT")
        else:
            self._close()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle  # None before the first request
        return cycle is not None and not cycle.response_complete

    def _owe(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.limits.seconds, self.give_up)
            self.debtors.add(self, self.loop.time())

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self.debtors.discard(self)
        self._owed = 0

    def _refuse_tls(self) -> None:
        """Close without an answer, which that client could not read."""
        logger.warning(
            "a client wants TLS at %s, and only http:// is spoken there: correct its https:// or"
            " wss:// address, or put a proxy before it that ends TLS",
            "{}:{}".format(*self.server) if self.server else "this address",
        )
        self._close()

    def _refuse(self, status: bytes, code: str) -> None:
        head = b"HTTP/1.1 %b\r\nconnection: close\r\ncontent-length: 0\r\n\r\n" % status
        if not self.transport.is_closing():
            self.refused(code)
            self.transport.write(head)
        self._close()

    def _close(self) -> None:
        self._settle()
        self.transport.close()


def timed_protocol(
    limits: ConnectionLimits, refused: Callable[[str], None] = uncounted
) -> type[TimedProtocol]:
    """The protocol with other limits, and with somebody who counts what it refuses."""

    class Protocol(TimedProtocol):
        pass

    Protocol.limits, Protocol.debtors = limits, Debtors(limits)
    Protocol.refused = staticmethod(refused)
    return Protocol
