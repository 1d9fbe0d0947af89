"""A model provider that answers with the bytes of a recording, over real sockets.

The recordings are in `tests/data/providers`: an answer's head and body, as HTTP/1.1 has them. Each
is served below its own name, `/<name>/v1`. Who comes with the result of a tool gets a plain answer.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

FOLDER = Path(__file__).parents[1] / "data" / "providers"
BLOCK = 41
"""Bytes that are sent at a time: no recording is cut where its events end."""

DONE = (
    b'data: {"id":"chatcmpl-8","choices":[{"delta":{"content":"Done"},"finish_reason":"stop"}]}\n\n'
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One recorded answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, name: str) -> Answer:
        head, _, body = (FOLDER / f"{name}.http").read_bytes().partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        return cls(int(first.split(" ")[1]), headers, body)


@dataclass
class RecordedProvider:
    """`bodies` are the requests that came, by the name of the recording."""

    bodies: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    @property
    def app(self) -> Starlette:
        path = "/{name}/v1/chat/completions"
        return Starlette(routes=[Route(path, self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> StreamingResponse:
        body = json.loads(await request.body())
        name = request.path_params["name"]
        self.bodies.setdefault(name, []).append(body)
        answer = Answer.of(name)
        if body["messages"][-1]["role"] == "tool":
            answer = Answer(200, {"content-type": "text/event-stream"}, DONE)
        return StreamingResponse(_blocks(answer.body), answer.status, dict(answer.headers))


async def _blocks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), BLOCK):
        yield body[start : start + BLOCK]
