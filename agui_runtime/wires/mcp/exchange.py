"""One request of an MCP client and its one answer."""

from __future__ import annotations

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.mcp.errors import (
    INVALID_REQUEST,
    PARSE_ERROR,
    RpcError,
    RpcId,
    refusal_of,
)
from agui_runtime.wires.mcp.protocol import Message, checked_id, message_of
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.error_frame_exchange import ErrorFrameExchange
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.http import Headers

BOTH = ("application/json", "text/event-stream")


class McpExchange(ErrorFrameExchange):
    """The request as handlers see it; `caller` is set before a handler is called."""

    id: RpcId = None

    def check_accepts(self) -> None:
        """Raises RpcError for a client that cannot read what every answer may be."""
        accepted = self.headers.get("accept", "").lower()
        kinds = [part.partition(";")[0].strip() for part in accepted.split(",")]
        for kind in BOTH:
            if not {kind, f"{kind.partition('/')[0]}/*", "*/*"} & set(kinds):
                raise RpcError(INVALID_REQUEST, f"Accept: {' and '.join(BOTH)} are needed", 406)

    async def message(self, limits: BodyLimits) -> Message:
        """The message in the body; raises RpcError, TooLarge and ClientGone."""
        try:
            payload = await self.json(limits)
        except InvalidInput as error:
            raise RpcError(PARSE_ERROR, error.message) from None
        if isinstance(payload, dict):
            self.id = checked_id(payload.get("id"))
        raw = [(name.decode("latin-1"), "") for name, _ in self.scope["headers"]]
        return message_of(payload, self.headers, raw)

    async def result(self, result: Json, headers: Headers = ()) -> None:
        """Answer the request with this result."""
        await self.answer(response(self.id, result), headers=headers)

    def refusal(self, error: Exception) -> ErrorAnswer:
        return refusal_of(error, self.id)


def response(id_: RpcId, result: Json) -> JsonObject:
    return {"jsonrpc": "2.0", "id": id_, "result": result}
