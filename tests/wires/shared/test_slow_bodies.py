"""Clients that are slow to send what they announced."""

from __future__ import annotations

import asyncio

from agui_runtime import ServerLimits
from tests.wires.guarded import Site, exchanged

SLOW = (
    b"POST /copilotkit/agent/default/run HTTP/1.1\r\nhost: localhost\r\ncookie: session=ann\r\n"
    b"content-type: application/json\r\ncontent-length: 9000\r\n\r\n{"
)


async def test_a_body_that_stops_coming_is_given_up_and_its_connection_closed() -> None:
    async with Site(limits=ServerLimits(body_stall=0.05)).client() as client:
        answer = await exchanged(client, SLOW)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"REQUEST_TIMEOUT" in answer


async def test_a_body_that_drips_is_given_up_too() -> None:
    limits = ServerLimits(body_seconds=0.1, body_rate=1000)
    async with Site(limits=limits).client() as client:
        reader, writer = await asyncio.open_connection(client.base_url.host, client.base_url.port)
        writer.write(SLOW)
        answer = asyncio.create_task(reader.readline())
        while not answer.done():
            writer.write(b" ")
            await asyncio.sleep(0.01)
        writer.close()
    assert answer.result().startswith(b"HTTP/1.1 408 ")
