"""How a server ends when it is told to: SIGTERM and Ctrl-C, with runs and readers of every wire."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from tests.programs import finished, serving
from tests.wires.agui.serving import events, reading, run_body
from tests.wires.graphql.subscribing import EVENTS, Socket, socket
from tests.wires.websocket.serving import opened

APP = {"AGUI_APP": "tests.fakes.talker:runtime"}
RUN = "/copilotkit/agent/default/run"
BOTH = pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
CODES = {signal.SIGTERM: 0, signal.SIGINT: 130}


async def ended(process: asyncio.subprocess.Process) -> list[str]:
    """The lines that it wrote about its end, when it has ended."""
    _, err = await process.communicate()
    assert b"Traceback" not in err
    return err.decode().splitlines()


@BOTH
async def test_an_idle_server_ends_with_one_line(stop: signal.Signals) -> None:
    async with serving(**APP) as (process, _, _):
        process.send_signal(stop)
        assert await ended(process) == ["INFO:     stopped; every run has ended"]
        assert process.returncode == CODES[stop]


@BOTH
async def test_a_live_run_may_end_first(stop: signal.Signals) -> None:
    async with (
        serving(**APP) as (process, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
        reading(client, RUN, run_body("count 30 0.05")) as reader,
    ):
        await reader.until("TEXT_MESSAGE_CONTENT")
        process.send_signal(stop)
        await reader.until("RUN_FINISHED")
        assert "stopped" in (await ended(process))[-1]


@BOTH
async def test_after_the_time_for_it_a_run_is_ended_with_a_terminal_event(
    stop: signal.Signals,
) -> None:
    async with (
        serving(**APP, AGUI_DRAIN_SECONDS="0.5") as (process, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
        reading(client, RUN, run_body("hold")) as reader,
    ):
        await reader.until("TEXT_MESSAGE_CONTENT")
        process.send_signal(stop)
        await reader.until("RUN_ERROR")
        assert events(reader.seen + "\n\n")[-1]["code"] == "SHUTDOWN"
        assert "stopped" in (await ended(process))[-1]


async def test_a_second_signal_ends_runs_at_once_and_in_order() -> None:
    async with (
        serving(**APP, AGUI_DRAIN_SECONDS="1000") as (process, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
        reading(client, RUN, run_body("hold")) as reader,
    ):
        await reader.until("TEXT_MESSAGE_CONTENT")
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"new runs are refused" in await process.stderr.readline()
        process.send_signal(signal.SIGINT)
        await reader.until("SHUTDOWN")
        await ended(process)
        assert process.returncode == 130


async def test_streams_of_a_socket_end_with_their_runs_before_it_is_closed() -> None:
    async with (
        serving(**APP, AGUI_WIRES="websocket") as (process, origin, _),
        opened(origin) as page,
    ):
        await page.send("home_request", "q1", message="count 40 0.05", thread_id="t1")
        await page.until(lambda it: it["type"] == "stream_text")
        await page.send("attach", "f1", thread_id="t1", until="live")
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert b"new runs are refused" in await process.stderr.readline()
        assert (await page.answer("home_request", "q2", message="short"))["code"] == "SHUTDOWN"
        assert (await page.last("q1"))["outcome"] == "success"
        code, _ = await page.closed()
        assert code == 1012  # RFC 6455's registry: the server restarts
        assert "stopped" in (await ended(process))[-1]


@asynccontextmanager
async def idle_socket(client: httpx.AsyncClient) -> AsyncIterator[Callable[[], Any]]:
    """A subscription to a thread on which nothing happens."""
    await client.post(RUN, json=run_body("short"))
    async with socket(client) as connection:
        ready: Socket = await connection.initialised()
        await ready.subscribe("1", EVENTS, threadId="t1")
        await ready.hear()
        yield ready.connection.wait_closed


@asynccontextmanager
async def deaf_reader(client: httpx.AsyncClient) -> AsyncIterator[Callable[[], Any]]:
    """A reader that takes nothing of what it is sent."""
    async with client.stream("POST", RUN, json=run_body("count 20000 0")) as response:
        yield response.aclose


Open = Callable[[httpx.AsyncClient], AbstractAsyncContextManager[Callable[[], Any]]]


@BOTH
@pytest.mark.parametrize("stays", [idle_socket, deaf_reader])
async def test_readers_that_stay_do_not_make_the_end_ugly(
    stays: Open, stop: signal.Signals
) -> None:
    async with (
        serving(**APP, AGUI_DRAIN_SECONDS="0") as (process, origin, _),
        httpx.AsyncClient(base_url=origin) as client,
        stays(client) as close,
    ):
        process.send_signal(stop)
        lines = await ended(process)
        await close()
        assert "stopped" in lines[-1]


async def test_a_port_in_use_is_one_line_before_anything_is_announced() -> None:
    async with serving(**APP) as (_, origin, _):
        port = origin.rpartition(":")[2]
        code, out, err = await finished("serve", "--port", port, **APP)
    assert (code, out) == (2, "")
    assert err == (
        f"agui-runtime: cannot listen on 127.0.0.1:{port}: the port is in use; stop what uses it,"
        " or choose another one with --port\n"
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--port", "99999"), "a port is a number from 0 to 65535, not '99999'"),
        (("--port", "http"), "a port is a number from 0 to 65535, not 'http'"),
        (("--host", "no.such.host.invalid"), "set --host to a name or an address of this machine"),
        (("--host", "192.0.2.1"), "this machine has no such address; set --host to one"),
    ],
)
async def test_where_nobody_can_listen_is_said(words: tuple[str, ...], says: str) -> None:
    settings = {**APP, "AGUI_ALLOW_ANONYMOUS": "1"}
    code, out, err = await finished("serve", "--port", "0", *words, **settings)
    assert (code, out) == (2, "")
    assert says in err
    assert "Traceback" not in err
