"""What the server sends, as models that describe it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, JsonValue


class ServerFrame(BaseModel):
    """One message; clients ignore fields and types that they do not know."""


class HelloAnswer(ServerFrame):
    """What a client may do on this socket: so many requests open at a time, frames of so many
    bytes. After so many seconds of silence it is pinged, and given up after as many more.
    """

    type: Literal["hello"]
    protocol: Literal["agui-mux.1"]
    requests: int
    frame_bytes: int
    ping_seconds: float


class ServerPing(ServerFrame):
    """To be answered with `pong`."""

    type: Literal["ping"]


class ServerPong(ServerFrame):
    """Answers the client's `ping`."""

    type: Literal["pong"]


class OfStream(ServerFrame):
    """A frame of a stream. `cursor` is the place in the thread up to which the client has all."""

    request_id: str
    cursor: str


class StreamStart(OfStream):
    """The first frame of every stream; `run_id` is null where it reads a thread."""

    type: Literal["stream_start"]
    thread_id: str
    run_id: str | None


class StreamText(OfStream):
    """What came of the text of the message `block_id` since the frame before."""

    type: Literal["stream_text"]
    block_id: str
    delta: str


class StreamBlock(OfStream):
    """Any other AG-UI event, as it is."""

    type: Literal["stream_block"]
    block: dict[str, JsonValue]


class ToolCall(OfStream):
    """A call of one of the client's tools, whole; it is answered with `tool_result`. The arguments
    are a text where the model wrote no JSON.
    """

    type: Literal["tool_call"]
    tool_call_id: str
    name: str
    arguments: JsonValue


class PopupDomain(OfStream):
    """Whom a router chose, before it has said anything."""

    type: Literal["popup_domain"]
    agent: str | None
    domain: str | None
    by: str | None
    confidence: float | None


class Failure(BaseModel):
    """Why a run failed."""

    code: str | None
    message: str


class StreamEnd(OfStream):
    """The last frame of every stream."""

    type: Literal["stream_end"]
    outcome: Literal["success", "interrupt", "cancelled", "error"]
    error: Failure | None = None
    interrupts: list[dict[str, JsonValue]] | None = None
    usage: list[dict[str, JsonValue]] | None = None


class DataResponse(ServerFrame):
    """The answer to a `data_request` or a `mutation`; `data` has the form that its kind has."""

    type: Literal["data_response"]
    request_id: str
    kind: str
    data: dict[str, JsonValue]


class ErrorFrame(ServerFrame):
    """Why a frame was not obeyed, or a stream broke off: `frame` is its type. Where the request is
    `open`, it goes on.
    """

    type: Literal["error"]
    request_id: str | None
    frame: str | None
    code: str
    message: str
    open: bool
    retry_after: int | None = None


ALL: Sequence[type[ServerFrame]] = (
    HelloAnswer,
    ServerPing,
    ServerPong,
    StreamStart,
    StreamText,
    StreamBlock,
    ToolCall,
    PopupDomain,
    StreamEnd,
    DataResponse,
    ErrorFrame,
)
