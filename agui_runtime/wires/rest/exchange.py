"""One request of a client of the agent routes, and its one answer."""

from __future__ import annotations

from collections.abc import Coroutine
from functools import partial
from urllib.parse import quote

from starlette.datastructures import QueryParams

from agui_runtime.wires.rest.errors import refusal_of
from agui_runtime.wires.shared.event_stream_exchange import EventStreamExchange
from agui_runtime.wires.shared.streaming import Frames, StreamingResponse


class RestExchange(EventStreamExchange):
    """The request as handlers see it; `caller` is set before a handler is called."""

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.scope["query_string"])

    def address(self, *parts: str) -> str:
        """The path of something below this app, however that is mounted."""
        root: str = self.scope.get("root_path", "").rstrip("/")
        return root + "".join(f"/{quote(part, safe='')}" for part in parts)

    def pour(self, response: StreamingResponse, frames: Frames) -> Coroutine[None, None, None]:
        """Where there is nothing to tell, 204: a browser's EventSource does not come back then
        (HTML, 9.2.3).
        """
        return response.pour(frames, partial(self.reply, 204, (), b""))

    async def refuse(self, error: Exception) -> None:
        await self.refuse_with(refusal_of(error, self.request_id), error)
