"""The correlation id of a request: taken or made, answered, and in each log line of the request."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Mapping
from os import urandom

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agui_runtime.core.log_lines import write_about
from agui_runtime.core.observation import continue_trace
from agui_runtime.wires.shared.http import RETRY_AFTER, Headers

_KEY = "agui_runtime.request_id"

_STARTS = frozenset({"http.response.start", "websocket.accept"})


class RequestIds:
    """A middleware that gives every request its id, also one that no wire gets to see.

    It adds `Retry-After`, too, where coming back helps: the server drains, its store is away for a
    moment, or a caller has too many requests open.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] in ("http", "websocket"):
            send = identified(scope, send)
        return self._app(scope, receive, send)


def identified(scope: Scope, send: Send) -> Send:
    """Give the request its id, which from now on every log line of it names; returns a `send` that
    answers it. Nothing is changed if it has one already.
    """
    if _KEY in scope:
        return send
    given = _given(scope)
    request_id = given_id(given) or urandom(16).hex()
    write_about(request_id)
    continue_trace(trace_of(given))
    own = (b"x-request-id", request_id.encode())

    def named(message: Message) -> Awaitable[None]:
        if message["type"] in _STARTS:
            headers = [*message.get("headers", ()), own]
            if message.get("status") in (429, 503) and not _has_retry_after(headers):
                headers.append(RETRY_AFTER)
            message = {**message, "headers": headers}
        return send(message)

    scope[_KEY] = request_id
    return named


def request_id_of(scope: Scope) -> str:
    """The id of a request that was `identified`."""
    request_id: str = scope[_KEY]
    return request_id


def given_id(headers: Mapping[str, str]) -> str | None:
    """`X-Request-Id`, else the trace id of `traceparent`; None where neither is there, or well.

    Both are checked, so that a client cannot forge log lines.
    """
    given = headers.get("x-request-id", "")
    if _REQUEST_ID.fullmatch(given):
        return given
    trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return trace["trace"] if trace else None


def _given(scope: Scope) -> Mapping[str, str]:
    return {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in (b"x-request-id", b"traceparent", b"tracestate")
    }


def trace_of(headers: Mapping[str, str]) -> Mapping[str, str]:
    """What goes on to other servers; nothing of a trace that is not well formed."""
    if not _TRACEPARENT.fullmatch(headers.get("traceparent", "")):
        return {}
    state = headers.get("tracestate", "")
    known = ("traceparent", "tracestate") if _TRACESTATE.fullmatch(state) else ("traceparent",)
    return {name: headers[name] for name in known}


def _has_retry_after(headers: Headers) -> bool:
    return any(name.lower() == b"retry-after" for name, _ in headers)


_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@+=/-]{1,128}")

_TRACESTATE = re.compile(r"[\x20-\x7e]{1,512}")

# W3C Trace Context 3.2.2: no version ff, no trace id of zeros, and later versions may append parts.
_TRACEPARENT = re.compile(
    r"(?!ff)(?:(00)|(?!00)[0-9a-f]{2})"
    r"-(?!0{32})(?P<trace>[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
    r"(?(1)|(?:-.*)?)"
)
