"""A server that speaks `agui-mux.1` and AG-UI, and a client's side of one socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, get_args

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from agui_runtime import CopilotRuntime, ServerOptions, WebSocketWire
from agui_runtime.wires.websocket import server_frames
from tests.wires.beside_agui import beside_agui

Json = dict[str, Any]

PATIENCE = 20
"""Seconds for a frame that has to come."""

serving = beside_agui(WebSocketWire)
"""Yields the origin of a server that speaks both."""


class Page:
    """A client of one socket, which remembers what it got."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[Json] = []

    async def send(self, kind: str, request_id: str | None = None, /, **fields: object) -> None:
        named = {} if request_id is None else {"request_id": request_id}
        await self.connection.send(json.dumps({"type": kind, **named, **fields}))

    async def frame(self) -> Json:
        async with asyncio.timeout(PATIENCE):
            frame: Json = json.loads(await self.connection.recv())
        check_frame(frame)
        self.seen.append(frame)
        return frame

    async def until(self, is_it: Callable[[Json], object]) -> Json:
        while True:
            frame = await self.frame()
            if is_it(frame):
                return frame

    async def last(self, request_id: str) -> Json:
        """The frame with which the request ends."""
        ends = ("stream_end", "data_response", "error")
        return await self.until(lambda it: it["type"] in ends and it["request_id"] == request_id)

    async def answer(self, kind: str, request_id: str, /, **fields: object) -> Json:
        await self.send(kind, request_id, **fields)
        return await self.last(request_id)

    async def error(self) -> Json:
        return await self.until(lambda it: it["type"] == "error")

    async def closed(self) -> tuple[int, str]:
        """With which code and reason the server closes the socket, whatever it sends before."""
        async with asyncio.timeout(PATIENCE):
            try:
                while True:
                    self.seen.append(json.loads(await self.connection.recv()))
            except ConnectionClosed as closed:
                assert closed.rcvd is not None
                return closed.rcvd.code, closed.rcvd.reason

    def of(self, request_id: str) -> list[Json]:
        return [each for each in self.seen if each.get("request_id") == request_id]

    def text(self, request_id: str) -> str:
        return text_of(self.of(request_id))


def check_frame(frame: Json) -> None:
    """It is one of those that the schema describes, and has no other fields."""
    model = MODELS[frame["type"]]
    model.model_validate(frame)
    assert frame.keys() <= model.model_fields.keys()


MODELS = {get_args(each.model_fields["type"].annotation)[0]: each for each in server_frames.ALL}
"""What the server sends, by types."""


def text_of(frames: list[Json]) -> str:
    return "".join(each["delta"] for each in frames if each["type"] == "stream_text")


def events_of(frames: list[Json]) -> list[Json]:
    """The AG-UI events that the frames of one stream stand for."""
    events = []
    for each in frames:
        if each["type"] == "stream_block":
            events.append(each["block"])
        elif each["type"] == "stream_text":
            about = {"messageId": each["block_id"], "delta": each["delta"]}
            events.append({"type": "TEXT_MESSAGE_CONTENT", **about})
    return events


@asynccontextmanager
async def opened(
    origin: str, headers: Mapping[str, str] | None = None, query: str = ""
) -> AsyncIterator[Page]:
    address = f"{origin.replace('http', 'ws')}/copilotkit/socket{query}"
    protocols = [Subprotocol("agui-mux.1")]
    async with connect(
        address, subprotocols=protocols, additional_headers=headers, max_size=None
    ) as connection:
        yield Page(connection)


@asynccontextmanager
async def page_of(
    runtime: CopilotRuntime,
    wire: WebSocketWire | None = None,
    options: ServerOptions | None = None,
) -> AsyncIterator[Page]:
    async with serving(runtime, wire, options) as origin, opened(origin) as page:
        yield page


def run_input(words: str = "hi", **more: object) -> Json:
    return {"messages": [{"id": f"u-{words}", "role": "user", "content": words}], **more}
