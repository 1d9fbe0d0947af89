"""An MCP server that lists and answers whatever a test gives it, legal or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

STARTED = {
    "protocolVersion": "2025-06-18",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "raw", "version": "1"},
}


@dataclass
class RawMcp:
    """Lists `tools`, answers each call with `result`; `refusals` answer a method instead, by HTTP
    status, content type and body.
    """

    tools: Sequence[object] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    refusals: Mapping[str, tuple[int, str, bytes]] = field(default_factory=dict)
    called: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer, methods=["POST", "GET"])])

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return Response(status_code=405)
        asked = orjson.loads(await request.body())
        if refusal := self.refusals.get(asked["method"]):
            status, kind, body = refusal
            return Response(body, status, media_type=kind)
        if "id" not in asked:
            return Response(status_code=202)
        return JSONResponse({"jsonrpc": "2.0", "id": asked["id"], "result": self._result(asked)})

    def _result(self, asked: Mapping[str, Any]) -> object:
        if asked["method"] == "tools/call":
            self.called.append((asked["params"]["name"], asked["params"]["arguments"]))
        results = {"initialize": STARTED, "tools/list": {"tools": self.tools}}
        return results.get(asked["method"], self.result)
