"""A request that an app is given without a server, for the benchmark of what a token costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from bench.graphql import client_headers


async def answered(app: Any, path: str, body: object, method: str = "POST") -> int:  # noqa: ANN401  # an ASGI app
    """The number of bytes in the body of the answer."""
    size = 0
    sent = b"" if method == "GET" else json.dumps(body).encode()
    unread = [{"type": "http.request", "body": sent, "more_body": False}]

    async def receive() -> Mapping[str, Any]:
        if not unread:
            await asyncio.Event().wait()  # the client stays
        return unread.pop()

    async def send(message: Mapping[str, Any]) -> None:
        nonlocal size
        if message.get("status", 200) not in {200, 202}:
            raise SystemExit(f"WRONG: {path} answers {message}")
        size += len(message.get("body", b""))

    await app(scope_of(path) | {"method": method}, receive, send)
    return size


@cache
def _headers() -> Mapping[str, str]:
    return client_headers()


def scope_of(path: str) -> dict[str, Any]:
    """Of a POST."""
    headers = {**_headers(), "Host": "127.0.0.1", "A2A-Version": "1.0"}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), text.encode()) for name, text in headers.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8000),
    }
