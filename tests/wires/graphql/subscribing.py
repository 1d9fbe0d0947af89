"""What tests of subscriptions share: a socket that speaks the protocol, and agents that wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import httpx
import orjson
from ag_ui.core import RunAgentInput
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError

from agui_runtime.core.events import Event
from tests.wires.graphql.runs import open_text, say
from tests.wires.graphql.serving import PATH, chat

PROTOCOL = "graphql-transport-ws"

ANSWER = """subscription Answer($data: GenerateCopilotResponseInput!) {
  generateCopilotResponse(data: $data) {
    threadId
    cursor
    delta
    message { __typename ... on TextMessageOutput { content } }
    metaEvent { ... on MetaEventResponse { event status } }
    status { ... on BaseResponseStatus { code } }
  }
}"""

EVENTS = """subscription Events($threadId: String!, $after: String) {
  runEvents(threadId: $threadId, after: $after) { cursor seq type }
}"""

THREAD = """subscription Thread($threadId: String!) {
  threadUpdated(threadId: $threadId) { id updatedAt runs { status } }
}"""


class Halting:
    """An agent that says `Hel`, waits until `go` is set, and says `lo`."""

    name = "halting"
    description = "Waits in the midst of its answer."

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.go = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Hel")
        self.waiting.set()
        await self.go.wait()
        yield say("m1", "lo")


class Socket:
    """One WebSocket of a client that says exactly what the test says."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def say(self, kind: str, **rest: Any) -> None:  # noqa: ANN401  # JSON
        await self.connection.send(orjson.dumps({"type": kind, **rest}).decode())

    async def hear(self) -> dict[str, Any]:
        message: dict[str, Any] = orjson.loads(await self.connection.recv())
        return message

    async def initialised(self, payload: Mapping[str, Any] | None = None) -> Socket:
        await self.say("connection_init", **({} if payload is None else {"payload": payload}))
        assert await self.hear() == {"type": "connection_ack"}
        return self

    async def subscribe(self, key: str, query: str, **variables: Any) -> None:  # noqa: ANN401  # JSON
        await self.say("subscribe", id=key, payload={"query": query, "variables": variables})

    async def closed(self) -> tuple[int | None, str | None]:
        """The code and the reason with which the server closes; what it says before is dropped."""
        with suppress(ConnectionClosedError):
            async for _ in self.connection:
                pass
        return self.connection.close_code, self.connection.close_reason


@asynccontextmanager
async def socket(
    client: httpx.AsyncClient,
    *,
    protocol: str | None = PROTOCOL,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Socket]:
    """A WebSocket to the server of `client`."""
    url = str(client.base_url.join(PATH)).replace("http", "ws", 1)
    subprotocols: Any = [protocol] if protocol else None
    async with connect(url, subprotocols=subprotocols, additional_headers=headers) as connection:
        yield Socket(connection)


def data(**given: Any) -> dict[str, Any]:  # noqa: ANN401  # inputs of the mutation
    """The `data` of a chat."""
    asked: dict[str, Any] = chat(**given)["variables"]["data"]
    return asked
