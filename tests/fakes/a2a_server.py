"""An A2A server that says what a test wants it to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Json = dict[str, Any]


@dataclass
class Far:
    """An A2A server that answers with frames; `seen` is what it was sent."""

    answers: Mapping[str, Callable[[Json], Any]] = field(default_factory=dict)
    card: Mapping[str, Any] = field(default_factory=dict)
    seen: list[tuple[str, Json]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/agent-card.json", self._card),
                Route("/rpc", self._rpc, methods=["POST"]),
            ]
        )

    def sent(self, method: str) -> list[Json]:
        return [params for name, params in self.seen if name == method]

    async def _card(self, request: Request) -> Response:
        self.headers.append(dict(request.headers))
        url = f"{request.url.scheme}://{request.url.netloc}/rpc"
        offered = {"url": url, "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        usual = {"supportedInterfaces": [offered], "capabilities": {"streaming": True}}
        return JSONResponse({"name": "far", **usual, **self.card})

    async def _rpc(self, request: Request) -> Response:
        body = await request.json()
        self.seen.append((body["method"], body["params"]))
        self.headers.append(dict(request.headers))
        answer = self.answers[body["method"]](body["params"])
        if isawaitable(answer):
            answer = await answer
        if isinstance(answer, dict):
            return JSONResponse({"jsonrpc": "2.0", "id": body["id"], **answer})
        frames = [orjson.dumps({"jsonrpc": "2.0", "id": body["id"], "result": r}) for r in answer]
        blocks = [b"data: %b\n\n" % frame for frame in frames]

        async def pieces() -> AsyncIterator[bytes]:
            for block in blocks:
                yield block

        return StreamingResponse(pieces(), media_type="text/event-stream")
