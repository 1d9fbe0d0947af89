"""HTTP/1.1 as bytes over one connection that is used again and again: no client library stands
between a fuzzer and the server, and none refuses to send what is wrong.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum

PATIENCE = 30.0
"""Seconds until an answer counts as hanging; one takes milliseconds."""


class Reading(Enum):
    """How much of the answer the client takes, and of its request it sends."""

    WHOLE = "the answer to its end"
    FIRST = "the first of an answer that may have no end"
    CUT = "a request that breaks off"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as bytes. `body` may be shorter than the head says."""

    head: bytes
    body: bytes
    reading: Reading = Reading.WHOLE

    def __repr__(self) -> str:
        """Ready to be sent by hand, or put into a test."""
        return f"Request({self.head!r}, {self.body!r}, {self.reading})"


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 where the server closed the connection without an answer, or in its midst."""

    status: int
    headers: bytes = b""
    body: bytes = b""


class Connection:
    """One connection at a time, opened again when the server or the request has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._received = bytearray()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def exchange(self, request: Request) -> Answer:
        """Send the request and take its answer; raises TimeoutError for one that hangs."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._exchange(request)
            except (asyncio.IncompleteReadError, ConnectionError):
                await self.close()
                return Answer(0, body=bytes(self._received))

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._reader = self._writer = None

    async def _exchange(self, request: Request) -> Answer:
        if self._writer is None:
            opened = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
            self._reader, self._writer = opened
        reader, writer = self._reader, self._writer
        assert reader is not None
        self._received.clear()
        writer.write(request.head + request.body)
        if request.reading is Reading.CUT:
            await self.close()
            return Answer(204)
        head = await self._head(reader)
        answer = Answer(int(head[9:12]), head, await self._body(reader, head, request))
        if request.reading is Reading.FIRST or b"\r\nconnection: close" in head:
            await self.close()
        return answer

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        return head[:12] + head[12:].lower()

    async def _body(self, reader: asyncio.StreamReader, head: bytes, request: Request) -> bytes:
        if request.head.startswith(b"HEAD ") or head[9:12] in (b"204", b"304"):
            return b""
        if b"\r\ntransfer-encoding: chunked" in head:
            return await self._chunks(reader, request)
        _, _, rest = head.partition(b"\r\ncontent-length:")
        if rest:
            return await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return await reader.read()  # to the end of the connection, which `connection: close` told

    async def _chunks(self, reader: asyncio.StreamReader, request: Request) -> bytes:
        body = self._received
        while True:
            size = int(await reader.readuntil(b"\r\n"), 16)
            body += (await reader.readexactly(size + 2))[:-2]
            if size == 0 or request.reading is Reading.FIRST:
                return bytes(body)
