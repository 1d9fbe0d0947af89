"""One request of an A2A client and its one answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import TypeAlias

from a2a.utils.constants import A2A_JSON_MEDIA_TYPE
from a2a.utils.errors import ContentTypeNotSupportedError
from sse_starlette.event import ServerSentEvent

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.a2a.errors import rest_refusal, rpc_refusal
from agui_runtime.wires.a2a.former_streams import closed_by_question
from agui_runtime.wires.shared.admission import is_json
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.error_frame_exchange import ErrorFrameExchange
from agui_runtime.wires.shared.exchange import JSON_TYPE, ErrorAnswer
from agui_runtime.wires.shared.json_bodies import NoBody, OpenedBody
from agui_runtime.wires.shared.streaming import Write

Item: TypeAlias = "dict[str, str] | ServerSentEvent | str | bytes"
"""What streams are made of: a frame's fields, or its JSON."""


class A2AExchange(ErrorFrameExchange):
    """The request as handlers see it; `caller` is set before a handler is called. `rpc_id` is that
    of a request in JSON-RPC, `rpc` all of it while nobody has taken it, `is_rest` says that it is
    none, `is_former` that it is one of 0.3.
    """

    rpc_id: str | int | None = None
    rpc: Json = None
    is_rest = False
    is_former = False

    @property
    def json_type(self) -> tuple[bytes, bytes]:
        """The content type of an answer: A2A's own for clients that say they know it."""
        known = A2A_JSON_MEDIA_TYPE in self.headers.get("accept", "")
        return (b"content-type", A2A_JSON_MEDIA_TYPE.encode()) if known else JSON_TYPE

    async def opened(self, limits: BodyLimits) -> OpenedBody:
        """The body, if any; raises ContentTypeNotSupportedError, InvalidInput, TooLarge or
        ClientGone for a bad one.
        """
        body = await OpenedBody.read(self.scope, self.receive, limits)
        is_empty = self.is_rest and isinstance(body.error, NoBody)
        if not (is_empty or is_json(self.media_type)):
            raise ContentTypeNotSupportedError("send application/json")
        if body.error is not None and not is_empty:
            raise body.error
        return body

    def completed(self, body: bytes) -> bytes:
        """An answer of the SDK's, which in JSON-RPC of 0.3 leaves out a result that is null."""
        if self.is_rest or b'"result"' in body or b'"error"' in body:
            return body
        return jsontext.dumps({**jsontext.loads(body), "result": None})

    async def stream_items(self, items: AsyncGenerator[Item, None], keep_alive: float) -> None:
        """Answer with an event stream of the SDK's items."""
        await self.stream(partial(self._write, items), keep_alive)

    async def _write(self, items: AsyncGenerator[Item, None], write: Write) -> None:
        """The items of a stream as frames: those of 1.0 in JSON-RPC are bytes already."""
        async with aclosing(items):
            async for item in items:
                data = item if isinstance(item, bytes) else self._data_of(item)
                await write(b"data: %b\n\n" % data)

    def _data_of(self, item: dict[str, str] | ServerSentEvent | str) -> bytes:
        if isinstance(item, ServerSentEvent):
            data = str(item.data)
        else:
            data = item if isinstance(item, str) else item["data"]
        return (closed_by_question(data) if self.is_former else data).encode()

    def refusal(self, error: Exception) -> ErrorAnswer:
        return rest_refusal(error) if self.is_rest else rpc_refusal(error, self.rpc_id)
