"""A runtime behind a real server, and the requests of a 1.10.6 front end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
from fastapi import FastAPI

from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.graphql.wire import GraphQLWire
from agui_runtime.wires.shared.options import ServerOptions
from tests.support import served

SENT = orjson.loads(
    (Path(__file__).parents[2] / "data" / "graphql" / "client-operations.json").read_bytes()
)
ACCEPT = str(SENT[0]["headers"]["accept"])
QUERIES: Mapping[str, str] = {it["body"]["operationName"]: it["body"]["query"] for it in SENT}
PATH = "/copilotkit"
WIRE = GraphQLWire()


@asynccontextmanager
async def serving(
    runtime: CopilotRuntime,
    wire: GraphQLWire = WIRE,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the runtime's GraphQL that accepts what a 1.10.6 front end does."""
    app = FastAPI()
    app.router.routes.extend(wire.routes(runtime, ServerOptions(PATH, **options)))
    await runtime.open()
    try:
        async with (
            served(app) as origin,
            httpx.AsyncClient(base_url=origin, headers={"accept": ACCEPT}) as client,
        ):
            yield client
    finally:
        await runtime.close()


def chat(**data: Any) -> dict[str, Any]:  # noqa: ANN401  # inputs of the mutation
    """The body of a chat request; `data` completes or replaces what the mutation is given."""
    given = {
        "metadata": {"requestType": "Chat"},
        "threadId": "thread-1",
        "messages": [user("u1", "Hello")],
        "frontend": {"actions": [], "url": "http://page.test/"},
    }
    return body("generateCopilotResponse", {"data": given | data})


async def ask(
    client: httpx.AsyncClient,
    query: str,
    variables: Mapping[str, Any] | None = None,
    **headers: str,
) -> Any:  # noqa: ANN401  # any JSON
    """The answer to a query of our own, which is not streamed; headers may have `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = {"query": query, "variables": variables or {}}
    response = await client.post(PATH, json=asked, headers=named)
    assert response.status_code == 200, response.text
    return response.json()


def by_header(request: Any) -> Caller:  # noqa: ANN401  # starlette's request
    """For `authenticate`: everybody is who the header `x-user` says."""
    return Caller(request.headers["x-user"])


def body(operation: str, variables: Mapping[str, Any]) -> dict[str, Any]:
    return {"operationName": operation, "query": QUERIES[operation], "variables": variables}


def user(identity: str, content: str) -> dict[str, Any]:
    message = {"content": content, "role": "user"}
    return {"id": identity, "createdAt": "2026-01-01T00:00:00.000Z", "textMessage": message}


def payloads(multipart: bytes) -> list[bytes]:
    """The JSON of each part, checked against its Content-Length."""
    opening, *parts, closing = multipart.split(b"\r\n---")
    assert opening == b""
    assert closing == b"--\r\n"
    return [_payload(part) for part in parts]


def _payload(part: bytes) -> bytes:
    head, _, content = part.partition(b"\r\n\r\n")
    kind, length = head.removeprefix(b"\r\n").split(b"\r\n")
    assert kind == b"Content-Type: application/json; charset=utf-8"
    assert length == b"Content-Length: %d" % len(content)
    return content
