"""What the requests of one socket share: who makes them, and the runtime that answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count

from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import write_about
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.sockets import Introduction


class Session:
    """It begins with who opened the socket, and ends with the socket."""

    def __init__(self, runtime: CopilotRuntime, server: ServerOptions, visit: Introduction) -> None:
        self.runtime = runtime
        self.server = server
        self._visit = visit
        self._numbers = count(1)

    @property
    def caller(self) -> Caller:
        return self._visit.caller

    def context(self, properties: Mapping[str, Json]) -> RunContext:
        """What a run, or an agent that is looked up, learns of its request."""
        request_id = f"{self._visit.request_id}.{next(self._numbers)}"
        write_about(request_id)
        return RunContext(
            caller=self.caller,
            request_id=request_id,
            properties=properties,
            headers=self.server.forwarded.pick(self._visit.headers),
        )

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """That of a request which is answered with a stream; raises TooManyRequests."""
        with self.server.places.place(self.caller.owner):
            async with self.runtime.streams.place(self.caller.owner):
                yield
