"""A model provider on loopback: the streaming chat-completions protocol over real sockets.

What it says is chosen by the prompt, see `replies`, and so is how it fails:

    [error:401]     that HTTP status with the provider's usual body; also [error:context],
                    [error:policy], [error:quota], and [error:drop], which hangs up at once
    [retry-after:3] that header with the error         [times:2] only the first two requests fail
    [midfail:N]     hangs up after N chunks            [cut:N]   ends the body properly there
    [hang:N]        says nothing more after N chunks   [hang]    not even the response's head
    [streamerror:N] an error object after N chunks     [garbage:N] a chunk that is not JSON
    [delay:20]      milliseconds after each chunk
    [wait:N]        stands still after N chunks until the test lets it `go_on`; repeat it;
                    only where a user is answered, not a tool

A recording for `/audio/transcriptions` is always taken for `TRANSCRIPT`.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from tests.fakes import replies
from tests.fakes.exchanges import Exchange, frame
from tests.fakes.http_text import head_of, parsed_body, parsed_head
from tests.support import stop_accepting

TRANSCRIPT = "what was said"

_ERRORS: Mapping[str, tuple[int, str, str, str | None]] = {
    "400": (400, "Invalid value", "invalid_request_error", None),
    "401": (
        401,
        "Incorrect API key provided: sk-bad.",
        "invalid_request_error",
        "invalid_api_key",
    ),
    "403": (403, "Project may not use this model", "invalid_request_error", "model_not_allowed"),
    "404": (404, "The model does not exist", "invalid_request_error", "model_not_found"),
    "429": (429, "Rate limit reached for requests", "requests", "rate_limit_exceeded"),
    "quota": (429, "You exceeded your current quota", "insufficient_quota", "insufficient_quota"),
    "500": (500, "The server had an error", "server_error", None),
    "context": (
        400,
        "This model's maximum context length is 8192 tokens.",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    "policy": (
        400,
        "Your request was rejected by our safety system.",
        "invalid_request_error",
        "content_policy_violation",
    ),
}


class Seen:
    """One request, as it reached the server."""

    def __init__(
        self,
        server: ModelServer,
        port: int,
        path: str,
        headers: dict[str, str],
        body: dict[str, Any],
    ) -> None:
        self.port = port
        """The client's, by which its connections are told apart."""
        self.path = path
        self.headers = headers
        self.body = body
        self.cut: bool | None = None
        self._server = server

    @property
    def auth(self) -> str | None:
        return self.headers.get("authorization")

    @property
    def closed(self) -> Awaitable[bool]:
        """Ends with the exchange: True when the client hung up first, False when all was said."""
        return self._cut()

    async def _cut(self) -> bool:
        await self._server.until(lambda: self.cut is not None)
        return bool(self.cut)


class ModelServer:
    """Runs in a thread of its own, so that it serves event loops and blocking tests alike."""

    def __init__(self, delay: float = 0.0) -> None:
        """`delay`: seconds between chunks where the prompt asks for none. `forced`: what is
        answered where a call of a tool of that name is forced: its arguments, or another text.
        """
        self.delay = delay
        self.forced: dict[str, str] = {}
        self.seen: list[Seen] = []
        self.url = ""
        self._answers = 0
        self._standing: list[Future[None]] = []
        self._lock = threading.Lock()
        self._waiters: list[Future[None]] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="model server")
        self._stop: Callable[[], object] = lambda: None

    def __enter__(self) -> ModelServer:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop()
        self._thread.join()

    async def __aenter__(self) -> ModelServer:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__()

    async def until(self, test: Callable[[], bool]) -> None:
        """Wait until `test()` holds; it is asked again whenever a request came or ended."""
        while True:
            with self._lock:
                if test():
                    return
                waiter: Future[None] = Future()
                self._waiters.append(waiter)
            await asyncio.wrap_future(waiter)

    async def request(self, index: int = 0) -> Seen:
        """The request of that number, as soon as it has arrived."""
        await self.until(lambda: len(self.seen) > index)
        return self.seen[index]

    async def hung_up(self) -> Seen:
        """The first request whose client closed the connection before the answer's end."""
        await self.until(lambda: any(seen.cut for seen in self.seen))
        return next(seen for seen in self.seen if seen.cut)

    async def go_on(self) -> None:
        """Let the first answer that stands still write on, as soon as there is one."""
        await self.until(lambda: bool(self._standing_still()))
        self._standing_still()[0].set_result(None)

    def _standing_still(self) -> list[Future[None]]:
        return [each for each in self._standing if not each.done()]

    async def stand_still(self) -> None:
        """Until a test lets it go on."""
        still: Future[None] = Future()
        self.note(lambda: self._standing.append(still))
        await asyncio.wrap_future(still)

    def note(self, change: Callable[[], object]) -> None:
        """Carry out a change of what `until` may test, and wake those who wait for it."""
        with self._lock:
            change()
            waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if waiter.set_running_or_notify_cancel():
                waiter.set_result(None)

    def next_number(self) -> int:
        self._answers += 1
        return self._answers

    def _serve(self) -> None:
        asyncio.run(self._listen())

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        open_connections: set[_Connection] = set()
        server = await loop.create_server(
            lambda: _Connection(self, open_connections), "127.0.0.1", 0
        )
        self._stop = lambda: loop.call_soon_threadsafe(stop.set)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        self._ready.set()
        await stop.wait()
        await stop_accepting(server)
        for connection in list(open_connections):
            connection.abort()
        await server.wait_closed()


@dataclass(eq=False)
class _Connection(asyncio.Protocol):
    """One socket: requests in, answers out, one after the other."""

    server: ModelServer
    peers: set[_Connection]
    _buffer: bytes = b""
    _port: int = 0
    _transport: asyncio.Transport | None = None
    _answering: asyncio.Task[None] | None = None
    _current: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._port = transport.get_extra_info("peername")[1]
        self.peers.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.peers.discard(self)
        if self._answering is not None:
            self._answering.cancel()
        self._end(cut=True)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _next(self) -> None:
        if self._current is not None or b"\r\n\r\n" not in self._buffer:
            return
        head, _, rest = self._buffer.partition(b"\r\n\r\n")
        path, headers = parsed_head(head)
        length = int(headers.get("content-length", "0"))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        body = parsed_body(headers.get("content-type", ""), rest[:length])
        seen = Seen(self.server, self._port, path, headers, body)
        self._current = Exchange.of(seen, self.server.seen)
        self.server.note(lambda: self.server.seen.append(seen))
        self._answering = asyncio.get_running_loop().create_task(self._answer(self._current))

    async def _answer(self, exchange: Exchange) -> None:
        if exchange.seen.path.endswith("/audio/transcriptions"):
            self._write_json(200, {"text": TRANSCRIPT})
        elif exchange.error is not None:
            self._refuse(exchange, exchange.error)
        elif "[hang]" not in exchange.text and await self._stream(exchange):
            self._write_chunk(b"")
        else:
            return
        self._end(cut=False)
        self._next()

    def _refuse(self, exchange: Exchange, name: str) -> None:
        if name == "drop":
            self._hang_up()
            return
        status, message, kind, code = _ERRORS.get(name) or (int(name), "err", "err", None)
        wait = re.search(r"\[retry-after:([\w.-]+)\]", exchange.text)
        extra = {"retry-after": wait[1]} if wait else {}
        body = {"error": {"message": message, "type": kind, "param": None, "code": code}}
        self._write_json(status, body, extra)

    async def _stream(self, exchange: Exchange) -> bool:
        """Send the reply; False when the answer is to stay unfinished."""
        exchange.number = self.server.next_number()
        kind = {"content-type": "text/event-stream", "transfer-encoding": "chunked"}
        self._write(head_of(200, kind))
        with_usage = bool((exchange.seen.body.get("stream_options") or {}).get("include_usage"))
        usage = {"usage": None} if with_usage else {}
        delay = exchange.delay(self.server.delay)
        body, forced = exchange.seen.body, self.server.forced
        for sent, (delta, finish) in enumerate(replies.deltas(body, exchange.number, forced)):
            if sent == exchange.break_after:
                return self._break(exchange.break_kind)
            if sent in exchange.waits:
                await self.server.stand_still()
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            self._write_chunk(exchange.chunk(choices=[choice], **usage))
            await asyncio.sleep(delay)
        if with_usage:
            self._write_chunk(exchange.chunk(choices=[], usage=replies.USAGE))
        self._write_chunk(b"data: [DONE]\n\n")
        return True

    def _break(self, kind: str) -> bool:
        if kind == "midfail":
            self._hang_up()
        elif kind == "streamerror":
            error = {"message": "The server is overloaded", "type": "server_error", "code": None}
            self._write_chunk(frame({"error": error}))
        elif kind == "garbage":
            self._write_chunk(b"data: {not json\n\n")
        return kind in {"cut", "streamerror", "garbage"}

    def _hang_up(self) -> None:
        self._end(cut=False)
        self.abort()

    def _write_json(
        self, status: int, value: object, extra: Mapping[str, str] | None = None
    ) -> None:
        body = json.dumps(value)
        kind = {"content-type": "application/json", "content-length": str(len(body))}
        self._write(head_of(status, kind | dict(extra or {})) + body.encode())

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _write_chunk(self, data: bytes) -> None:
        self._write(b"%x\r\n%b\r\n" % (len(data), data))

    def _end(self, cut: bool) -> None:
        exchange, self._current = self._current, None
        if exchange is not None:
            self.server.note(lambda: setattr(exchange.seen, "cut", cut))
