"""An HTTP endpoint that answers with the bytes a test gives it, as a server of agents would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

Block: TypeAlias = "bytes | asyncio.Event | type[Break]"
"""What an answer is made of: bytes, or something to wait for, or the end of the connection."""


class Break(Exception):
    """Stands for a server that falls over in the middle of an answer."""


@dataclass
class Endpoint:
    """Answers every POST with these blocks, after the `refusals` (status, body) are used up.

    `asked` is set by the first request, `finished` when an answer was told to its end, `cut` when
    its reader went away first.
    """

    blocks: Sequence[Block] = ()
    refusals: list[tuple[int, bytes]] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    seen: list[tuple[Mapping[str, str], Any]] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)
    kind: str = "text/event-stream"

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        self.seen.append((dict(request.headers), orjson.loads(await request.body())))
        self.asked.set()
        if self.refusals:
            status, body = self.refusals.pop(0)
            return Response(body, status, dict(self.headers))
        return StreamingResponse(self._told(), media_type=self.kind)

    async def _told(self) -> AsyncIterator[bytes]:
        try:
            for block in self.blocks:
                if isinstance(block, bytes):
                    yield block
                elif isinstance(block, asyncio.Event):
                    await block.wait()
                else:
                    raise block
            self.finished.set()
        finally:
            if not self.finished.is_set():
                self.cut.set()


def sse(*events: Mapping[str, Any]) -> bytes:
    """The events as frames of an event stream."""
    return b"".join(b"data: " + orjson.dumps(event) + b"\n\n" for event in events)


def lines(*events: Mapping[str, Any]) -> bytes:
    """The events as lines of JSON."""
    return b"".join(orjson.dumps(event) + b"\n" for event in events)
