"""CORS is Starlette's, also where its own code is passed by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import Message, Receive, Scope, Send

from agui_runtime.wires.shared.cross_origin import CrossOrigin

LISTED = b"https://app.example.com"
RULES: Sequence[dict[str, Any]] = (
    {"allow_origins": ["*"], "expose_headers": ["X-Request-ID"]},
    {"allow_origins": [LISTED.decode()], "allow_credentials": True, "expose_headers": ["X-A", "B"]},
    {"allow_origins": [LISTED.decode()]},
)
ORIGINS = (None, LISTED, b"https://other.example.com", b"null", b"\xe4")
ANSWERS: Sequence[list[tuple[bytes, bytes]]] = (
    [(b"content-type", b"application/json")],
    [(b"vary", b"accept"), (b"vary", b"cookie")],
    [(b"access-control-allow-origin", b"https://own.example.com")],
    [(b"access-control-expose-headers", b"X-Own"), (b"set-cookie", b"a"), (b"set-cookie", b"b")],
)


@pytest.mark.parametrize("rules", RULES)
async def test_an_answer_has_the_headers_that_starlette_gives_it(rules: dict[str, Any]) -> None:
    for origin, headers in product(ORIGINS, ANSWERS):
        theirs = await answered(CORSMiddleware, rules, origin, headers)
        assert await answered(CrossOrigin, rules, origin, headers) == theirs


async def answered(
    kind: type[CORSMiddleware],
    rules: dict[str, Any],
    origin: bytes | None,
    headers: list[tuple[bytes, bytes]],
) -> list[tuple[str, str]]:
    """The headers of the answer, of which each but for cookies has one value."""
    sent: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"x"})

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    of_page = [] if origin is None else [(b"origin", origin)]
    scope = {"type": "http", "method": "GET", "headers": of_page}
    await kind(app, **rules)(scope, receive, send)
    assert [each["type"] for each in sent] == ["http.response.start", "http.response.body"]
    found = Headers(raw=sent[0]["headers"])
    return sorted(
        (name, value)
        for name in set(found.keys())
        for value in ([", ".join(found.getlist(name))] if name == "vary" else found.getlist(name))
    )
