"""One request and its one answer, whether it came by a path of its own or in an envelope."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from agui_runtime.core import jsontext
from agui_runtime.core.events import RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import SLICE, is_much, slices
from agui_runtime.wires.agui.envelope import Enveloped
from agui_runtime.wires.agui.errors import refusal_of
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.shared.event_stream_exchange import EventStreamExchange
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.streaming import Framing

JSON_IN_PARTS = Framing(headers=(JSON_TYPE,))


class AguiExchange(EventStreamExchange):
    """The request as handlers see it; `caller` is set before a handler is called.

    Where it came in an envelope, `enveloped` takes the place of its method, path and body.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(scope, receive, send)
        self.enveloped: Enveloped | None = None

    @property
    def method(self) -> str:
        return self.enveloped.method if self.enveloped else super().method

    @property
    def query(self) -> QueryParams:
        return QueryParams(self.enveloped.query if self.enveloped else self.scope["query_string"])

    async def payload(self, limits: BodyLimits) -> Json:
        """The JSON of the body, None without one; raises InvalidInput, TooLarge or ClientGone."""
        return self.enveloped.body if self.enveloped else await self.json(limits)

    def run_context(self, properties: Mapping[str, Json], forward: HeaderNames) -> RunContext:
        """What a run learns of this request, whose page is the one that refers to it."""
        return self.context(properties, forward, self.headers.get("referer"))

    async def answer_list(self, name: str, items: Sequence[object], dropped: int = 0) -> None:
        """Answer with `{name: items}`, of which parts are encoded and sent one after the other. How
        many records the store has dropped stands beside them, where it has.
        """
        more = {"droppedRecords": dropped} if dropped else {}
        if len(items) <= SLICE and not is_much(items):
            await self.answer({name: list(items)} | more)
            return
        response = self.streaming(JSON_IN_PARTS)
        opening = b"{%b:[" % jsontext.dumps(name)
        for part in slices(items):
            await response.write((opening, jsontext.dumps(list(part))[1:-1]))
            await asyncio.sleep(0)
            opening = b","
        await response.end((b"],", jsontext.dumps(more)[1:]) if more else (b"]}",))

    async def refuse(self, error: Exception) -> None:
        await self.refuse_with(refusal_of(error), error)
