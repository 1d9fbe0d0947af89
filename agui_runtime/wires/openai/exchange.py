"""One request of an OpenAI client and its one answer."""

from __future__ import annotations

from starlette.datastructures import QueryParams

from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.openai.errors import BadRequest, refusal_of
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.error_frame_exchange import ErrorFrameExchange
from agui_runtime.wires.shared.exchange import ErrorAnswer


class OpenAIExchange(ErrorFrameExchange):
    """The request as handlers see it; `caller` is set before a handler is called."""

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.scope["query_string"])

    async def body(self, limits: BodyLimits) -> JsonObject:
        """The JSON object of the body; raises BadRequest, InvalidInput, TooLarge or ClientGone."""
        given = await self.json(limits)
        if not isinstance(given, dict):
            raise BadRequest("the body must be a JSON object")
        return given

    def run_context(self, forward: HeaderNames, properties: JsonObject) -> RunContext:
        """What a run learns of this request."""
        return self.context(properties, forward)

    def refusal(self, error: Exception) -> ErrorAnswer:
        return refusal_of(error)
