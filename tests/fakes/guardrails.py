"""A guardrails service on loopback: denies what is forbidden, fails where it is told to."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

DENIAL = "Topic is not allowed"


class GuardrailsFake:
    """Denies an input with `forbidden` in it; `[gr-error]` gets HTTP 500, `[gr-odd]` nonsense.

    It answers when `go` is set, as it is at first; `asked` tells that a request has come.
    """

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.asked = asyncio.Event()
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.route = Route("/guardrails/validate", self._validate, methods=["POST"])
        self.app = Starlette(routes=[self.route])

    async def _validate(self, request: Request) -> Response:
        body = await request.json()
        self.seen.append(body)
        self.keys.append(request.headers.get("x-copilotcloud-public-api-key"))
        self.asked.set()
        await self.go.wait()
        if "[gr-error]" in body["input"]:
            return JSONResponse({"error": "internal"}, status_code=500)
        if "[gr-odd]" in body["input"]:
            return JSONResponse({"fine": True})
        if re.search("forbidden", body["input"]):
            return JSONResponse({"status": "denied", "reason": DENIAL})
        return JSONResponse({"status": "allowed"})
