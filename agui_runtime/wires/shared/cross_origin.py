"""CORS as Starlette does it, that takes no part in a long stream but for its head."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Receive, Scope, Send


class CrossOrigin(CORSMiddleware):
    """Starlette's own holds two coroutines for as long as an answer lasts."""

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]  # a coroutine there
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            return super().__call__(scope, receive, send)
        headers = Headers(scope=scope)
        return self.app(scope, receive, partial(self.send, send=send, request_headers=headers))
