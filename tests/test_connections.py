"""Connections whose clients are slow to say what they want, or never do."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from agui_runtime import CopilotRuntime, ServerLimits, create_app
from agui_runtime.connections import ConnectionLimits, TimedProtocol, timed_protocol
from agui_runtime.core.errors import Misconfigured
from agui_runtime.one_write import HeadHeld
from tests.programs import serving
from tests.stores.test_freed_runs import found_by_the_collector
from tests.support import served
from tests.wires.agui.serving import run_body
from tests.wires.graphql.subscribing import Halting, socket

QUICK = ConnectionLimits(seconds=0.1)
LINE = b"GET /healthz HTTP/1.1\r\n"
REQUEST = LINE + b"host: localhost\r\n\r\n"


@asynccontextmanager
async def connecting(limits: ConnectionLimits, agent: object = None) -> AsyncIterator[Server]:
    runtime = CopilotRuntime({"default": agent} if agent else {})
    app = create_app(runtime, limits=ServerLimits(body_seconds=30))
    async with served(app, http=timed_protocol(limits)) as origin:
        yield Server(httpx.URL(origin))


class Server:
    """Where tests open connections."""

    def __init__(self, origin: httpx.URL) -> None:
        self.origin = origin

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self.origin.host, self.origin.port)

    async def told(self, *sent: bytes) -> bytes:
        """All that comes of it until the server closes the connection."""
        reader, writer = await self.connect()
        for each in sent:
            writer.write(each)
            await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer


async def test_who_says_nothing_is_closed_without_a_word() -> None:
    """Browsers open connections that they may come to need."""
    async with connecting(QUICK) as server:
        assert await server.told() == b""


@pytest.mark.parametrize("begun", [b"G", LINE, LINE + b"host: localhost\r\nx: y"])
async def test_who_does_not_finish_a_header_is_told(begun: bytes) -> None:
    async with connecting(QUICK) as server:
        assert (await server.told(begun)).startswith(b"HTTP/1.1 408 ")


async def test_dripping_wins_no_time() -> None:
    async with connecting(QUICK) as server:
        reader, writer = await server.connect()
        writer.write(LINE)
        answer = asyncio.create_task(reader.readline())
        while not answer.done():
            writer.write(b"x: y\r\n")
            await asyncio.sleep(0.01)
        writer.close()
    assert answer.result().startswith(b"HTTP/1.1 408 ")


async def test_nor_does_a_second_request_on_the_same_connection() -> None:
    async with connecting(QUICK) as server:
        reader, writer = await server.connect()
        writer.write(REQUEST)
        first = await reader.readuntil(b'{"status":"ok"}')
        writer.write(LINE)
        second = await reader.read()
        writer.close()
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_nobody_reads_does_not_hold_a_connection() -> None:
    head = b"POST /nowhere HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n"
    async with connecting(QUICK) as server:
        reader, writer = await server.connect()
        writer.write(head)
        assert (await reader.readline()).startswith(b"HTTP/1.1 404 ")
        closed = asyncio.create_task(reader.read())
        while not closed.done():
            writer.write(b" ")
            await asyncio.sleep(0.01)
        with suppress(ConnectionResetError):  # where such a byte came after the end
            await closed
        writer.close()


async def test_requests_that_come_at_once_are_answered_one_after_the_other() -> None:
    last = b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
    async with connecting(ConnectionLimits()) as server:
        answers = await server.told(REQUEST + REQUEST + last)
    assert [each[:3] for each in answers.split(b"HTTP/1.1 ")] == [b"", b"200", b"200", b"404"]


async def test_headers_without_end_are_refused() -> None:
    async with connecting(ConnectionLimits(header_bytes=1000)) as server:
        assert (await server.told(LINE + b"x: " + b"y" * 1000)).startswith(b"HTTP/1.1 431 ")


async def test_streams_and_websockets_are_never_cut() -> None:
    agent = Halting()
    async with (
        connecting(QUICK, agent) as server,
        httpx.AsyncClient(base_url=server.origin) as client,
        client.stream("POST", "/copilotkit/agent/default/run", json=run_body()) as stream,
        socket(client) as ws,
    ):
        await agent.waiting.wait()
        assert await server.told(LINE)  # so long is longer than the limit
        agent.go.set()
        await ws.initialised()
        assert "RUN_FINISHED" in (await stream.aread()).decode()


async def test_where_too_many_wait_the_oldest_go() -> None:
    async with connecting(ConnectionLimits(owing=2, grace=0)) as server:
        readers = []
        for _ in range(4):
            reader, writer = await server.connect()
            writer.write(LINE)
            await writer.drain()
            readers.append((reader, writer))
            assert await server.told(REQUEST.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
        for reader, _ in readers[:2]:
            assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        for reader, writer in readers[3:]:
            writer.write(b"host: localhost\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        for _, writer in readers:
            writer.close()


async def test_many_that_come_at_once_are_all_served() -> None:
    async with connecting(ConnectionLimits(owing=2)) as server:
        opened = [await server.connect() for _ in range(20)]
        for _, writer in opened:
            writer.write(REQUEST)
        for reader, writer in opened:
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            writer.close()


async def test_the_server_of_the_command_line_has_these_limits() -> None:
    async with serving(AGUI_HEADER_SECONDS="0.1") as (_, origin, _):
        assert (await Server(httpx.URL(origin)).told(LINE)).startswith(b"HTTP/1.1 408 ")


def test_they_are_uvicorns_own_by_name() -> None:
    assert TimedProtocol.limits == ConnectionLimits()
    with pytest.raises(Misconfigured, match="more than 0"):
        ConnectionLimits(seconds=0)


async def test_who_wants_tls_is_closed_and_the_log_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with connecting(QUICK) as server, httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(server.origin.copy_with(scheme="https"))
        assert (await client.get(server.origin.join("/healthz"))).status_code == 200
    [record] = [each for each in caplog.records if each.levelname == "WARNING"]
    assert f"TLS at 127.0.0.1:{server.origin.port}, and only http://" in record.getMessage()


class Recorder(asyncio.Transport):
    """Where an answer goes: its packets."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []

    def write(self, data: object) -> None:
        self.packets.append(bytes(cast(bytes, data)))

    def is_closing(self) -> bool:
        return False


class Cycle:
    """Whatever writes an answer."""

    def __init__(self, transport: Recorder) -> None:
        self.transport: Any = transport


async def test_the_head_of_an_answer_leaves_with_what_follows_at_once() -> None:
    transport = Recorder()
    cycle = Cycle(transport)
    cycle.transport = HeadHeld(cycle, asyncio.get_running_loop())
    for part in (b"head ", b"body", b"more"):
        assert not cycle.transport.is_closing()
        cycle.transport.write(part)
    assert transport.packets == [b"head body", b"more"]


async def test_a_head_whose_body_comes_late_or_not_at_all_leaves_alone() -> None:
    go = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        length = [(b"content-length", b"4")]
        await send({"type": "http.response.start", "status": 200, "headers": length})
        if scope["path"] == "/late":
            await go.wait()
        await send({"type": "http.response.body", "body": b"body"})

    async with served(app, http=TimedProtocol) as origin:
        reader, writer = await Server(httpx.URL(origin)).connect()
        for method, path, packets in [
            (b"HEAD", b"/", [b"4\r\n\r\n"]),
            (b"GET", b"/late", [b"4\r\n\r\n", b"body"]),
        ]:
            go.clear()
            writer.write(b"%b %b HTTP/1.1\r\nhost: localhost\r\n\r\n" % (method, path))
            for packet in packets:
                assert (await reader.read(65536)).endswith(packet)
                go.set()
        writer.close()


class Leaving(TimedProtocol):
    """Closes a connection as soon as an answer is complete, as a server does that ends."""

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.shutdown()


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_an_answer_leaves_whole_before_its_connection_is_closed(method: bytes) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await PlainTextResponse("body")(scope, receive, send)

    async with served(app, http=Leaving) as origin:
        answer = await Server(httpx.URL(origin)).told(method + REQUEST.removeprefix(b"GET"))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" if method == b"HEAD" else b"\r\n\r\nbody")


async def test_who_leaves_before_the_answer_leaves_nothing_to_the_garbage_collector() -> None:
    come, gone = asyncio.Event(), asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await receive()
            come.set()
            await receive()
            gone.set()

    async with served(app, http=TimedProtocol) as origin:
        with found_by_the_collector() as found:
            _, writer = await Server(httpx.URL(origin)).connect()
            writer.write(REQUEST)
            await come.wait()
            writer.close()
            await gone.wait()
            await writer.wait_closed()
    assert found == Counter()
