"""CORS as Starlette does it, that takes no part in a long stream but for its head."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import cached_property, partial

from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from agui_runtime.wires.shared.http import Headers

_VARY = (b"vary", b"Origin")


class CrossOrigin(CORSMiddleware):
    """Starlette's own holds two coroutines for as long as an answer lasts, and looks through all of
    its headers for each one that it adds. With credentials, origins have to be listed.
    """

    @cached_property
    def _own(self) -> Headers:
        """What a page is answered, whichever it is."""
        return [
            (name.lower().encode(), text.encode()) for name, text in self.simple_headers.items()
        ]

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:  # type: ignore[override]  # a coroutine there
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            return super().__call__(scope, receive, send)
        origin = dict(scope["headers"]).get(b"origin")
        return self.app(scope, receive, partial(self._answer, send, origin))

    def _answer(self, send: Send, origin: bytes | None, message: Message) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            headers = self._with_own(message.get("headers", ()), origin)
            message = {**message, "headers": headers}
        return send(message)

    def _with_own(self, headers: Headers, origin: bytes | None) -> Headers:
        """The headers of an answer to a page of that origin, or to none."""
        if origin is None:
            return [*headers, _VARY]
        own = dict(self._own)
        if not self.allow_all_origins and self.is_allowed_origin(origin.decode("latin-1")):
            own[b"access-control-allow-origin"] = origin
        rest = [each for each in headers if each[0] not in own]
        return [*rest, *own.items(), _VARY]
