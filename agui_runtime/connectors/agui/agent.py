"""An agent that is any AG-UI endpoint on another server, over HTTP and server-sent events.

Its events pass as they are; what order they must have is judged where every agent's is.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import suppress

import orjson
from ag_ui.core import EventType, RunAgentInput

from agui_runtime.agents.run_input import dumped
from agui_runtime.connectors.agui.dialect import Dialect
from agui_runtime.connectors.shared.remote import (
    DEFAULT_OPTIONS,
    RemoteOptions,
    RemoteServer,
    drain,
)
from agui_runtime.core import jsontext
from agui_runtime.core.distinct_ids import TEXT
from agui_runtime.core.errors import AgentFailure, ProtocolFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.events import TERMINAL, THINKING, Event, Message
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.message_parts import in_words
from agui_runtime.core.secrets import redact
from agui_runtime.off_loop import is_much, unless_long

logger = logger_of(__name__)

KNOWN = frozenset(EventType) | THINKING.keys()

_LONGEST_ERROR = 1000

# Null is a value of these fields; of all others it means that they are not there.
_VALUES = {
    "CUSTOM": "value",
    "RAW": "event",
    "STATE_SNAPSHOT": "snapshot",
    "RUN_FINISHED": "result",
}


@explains_arguments
class AGUIAgent:
    """Calls the endpoint at `url`, as it stands, once for each run, and passes its events on.

    Event types that AG-UI does not have are left out, as AG-UI's own client does, with a log line.
    What looks like a key in the message of a RUN_ERROR is hidden. `keep_raw` keeps RAW events and
    the field `rawEvent`, which double most streams and which no front end shows. `protocol` is sent
    as `protocolVersion`; None for servers from before AG-UI 1.0 that refuse fields they do not
    know. Stopping a run closes its connection at once.

    A run ends with RemoteFailure where the server refuses, breaks off or says too much, with
    ProtocolFailure where what it says is no AG-UI, and with AgentFailure INCOMPLETE_STREAM where
    its stream ends without RUN_FINISHED or RUN_ERROR.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "remote",
        description: str = "",
        keep_raw: bool = False,
        protocol: str | None = "1.0",
        options: RemoteOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.name = name
        self.description = description or f"the agent {name}"
        self._keep_raw = keep_raw
        self._protocol = protocol
        self._takes_parts = False
        self._server = RemoteServer(url, f"the server of agent {name!r}", options)

    @property
    def forwarded_headers(self) -> HeaderNames:
        return self._server.forwarded_headers

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """The endpoint's events, up to its terminal one."""
        incoming = _Incoming(self._server, self._keep_raw)
        body = await self._body(request)
        async with self._server.stream("", body, "text/event-stream") as blocks:
            async for block in blocks:
                for event in incoming.feed(block):
                    # Servers before 1.0 refuse results that are more than text.
                    self._takes_parts |= "protocolVersion" in event
                    if event["type"] in TERMINAL:
                        await drain(blocks)
                        yield event
                        return
                    yield event
        last = list(incoming.end())
        for event in last:
            yield event
        if not last or last[-1]["type"] not in TERMINAL:
            raise incoming.broken_off()

    async def replayed(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """All events of an endpoint that shows a thread: of any number of runs, or none."""
        incoming = _Incoming(self._server, self._keep_raw)
        body = await self._body(request)
        async with self._server.stream("", body, "text/event-stream") as blocks:
            async for block in blocks:
                for event in incoming.feed(block):
                    yield event

    async def _body(self, request: RunAgentInput) -> JsonObject:
        return await unless_long(
            is_much(request), _payload, request, self._protocol, self._takes_parts
        )

    async def probe(self) -> str:
        return f"its server answers ({await self._server.reach()} to GET)"

    async def close(self) -> None:
        """Close the agent's connections; a later run opens new ones."""
        await self._server.close()


class _Incoming:
    """One answer: its bytes as events, as far as AG-UI has such events."""

    def __init__(self, server: RemoteServer, keep_raw: bool) -> None:
        self._server = server
        self._stream = EventStreamParser(server.sizes.event)
        self._keep_raw = keep_raw
        self._dialect = Dialect()
        self._any = False
        self._unknown: set[str] = set()

    def feed(self, block: bytes) -> Iterator[Event]:
        for data in self._stream.feed(block):
            event = self._read(data)
            self._any = True
            if self._is_wanted(event["type"]):
                yield from self._dialect.apply(self._plain(event))

    def end(self) -> Iterator[Event]:
        """A last event that no empty line follows; AG-UI's own client reads it, too."""
        with suppress(ProtocolFailure):  # the stream ended in its middle
            yield from self.feed(b"\n\n")

    def broken_off(self) -> Exception:
        """What it means that the stream ended without a terminal event."""
        if self._any:
            return AgentFailure("the agent's stream broke off before its end", "INCOMPLETE_STREAM")
        return self._server.failure("BROKEN", "sent no events; is its URL that of an AG-UI agent?")

    def _read(self, data: bytes) -> Event:
        try:
            event = jsontext.loads_fragment(data)
        except orjson.JSONDecodeError:
            raise ProtocolFailure("an event-stream frame of the agent is not JSON") from None
        if not isinstance(event, dict) or not isinstance(event.get("type"), str):
            raise ProtocolFailure("an event-stream frame of the agent holds no AG-UI event")
        return event

    def _is_wanted(self, kind: str) -> bool:
        if kind in KNOWN:
            return self._keep_raw or kind != "RAW"
        if kind not in self._unknown:
            self._unknown.add(kind)
            logger.warning(
                "%s sends events of an unknown type, left out: %r", self._server.what, kind
            )
        return False

    def _plain(self, event: Event) -> Event:
        nullable = _VALUES.get(event["type"])
        if not self._keep_raw:
            event.pop("rawEvent", None)
        if event["type"] == "RUN_ERROR" and isinstance(event.get("message"), str):
            event["message"] = redact(event["message"], _LONGEST_ERROR)
        if None in event.values():
            return {
                key: value for key, value in event.items() if value is not None or key == nullable
            }
        return event


def _payload(request: RunAgentInput, protocol: str | None, parts: bool) -> JsonObject:
    """The request as every generation of servers takes it.

    Servers from before 1.0 need all lists to be there; activities are never sent back (AG-UI,
    messages); the server's own messages have the ids that it gave them.
    """
    dump = dumped(request)
    body = {key: value for key, value in dump.items() if value is not None}
    body.pop("protocolVersion", None)
    everything: JsonObject = {"state": {}, "tools": [], "context": [], "forwardedProps": {}}
    messages = [_own(each, parts) for each in body["messages"] if each["role"] != "activity"]
    version = {"protocolVersion": protocol} if protocol else {}
    return everything | body | {"messages": messages} | version


def _own(message: Message, parts: bool) -> Message:
    if message["role"] == "tool" and not parts:
        return message | {"content": in_words(message["content"])}
    if message["role"] == "assistant" and message["id"].endswith(TEXT):
        return message | {"id": message["id"].removesuffix(TEXT)}
    return message
