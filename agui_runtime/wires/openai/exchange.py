"""One request of an OpenAI client and its one answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from starlette.datastructures import QueryParams

from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.openai.errors import BadRequest, body_of, refusal_of
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.event_stream_frames import EVENT_STREAM, frame
from agui_runtime.wires.shared.exchange import Exchange
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import log_failure

logger = logger_of(__name__)


class OpenAIExchange(Exchange):
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

    async def stream(self, frames: AsyncGenerator[bytes, None], keep_alive: float) -> bool:
        """Answer with an event stream; False if the client went away before its end.

        What fails after the first frame is a frame with the error, at which every client raises.
        """
        response = self.streaming(EVENT_STREAM, keep_alive)
        try:
            async with while_known(self.caller):
                return await response.serve(self.receive, response.pour(frames))
        except Exception as error:  # a wire's edge
            if not response.begun:
                raise
            if refusal_of(error).is_fault:
                log_failure(logger, error)
            await response.end((frame(body_of(error)),))
            return True

    async def refuse(self, error: Exception) -> None:
        await self.refuse_with(refusal_of(error), error)
