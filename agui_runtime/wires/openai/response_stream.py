"""The stream of a response: its events, numbered so that a client can come back to a number. Pure.

A piece of text counts as many numbers as it has characters. So whoever comes back finds the same
place, also where the pieces that came at one go are one, or a store has joined them meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agui_runtime.core import jsontext
from agui_runtime.core.events import Record
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.stretches import joined
from agui_runtime.wires.openai.errors import RunFailed
from agui_runtime.wires.openai.response_events import ResponseEvents
from agui_runtime.wires.openai.response_resource import Resource, last_event
from agui_runtime.wires.shared.event_stream_frames import named_frame

DONE = b"data: [DONE]\n\n"


class ResponseStream:
    """Makes a run's records to numbered events, those after the number `after`."""

    failure: RunFailed | None = None
    """A response that fails has an event for it."""

    def __init__(self, resource: Resource, made: ResponseEvents, after: int = -1) -> None:
        self._resource = resource
        self._made = made
        self._after = after
        self._next = 0
        self._begun = False

    def frames(self, records: Iterable[Record]) -> Iterator[bytes]:
        """The frames for the run's next records."""
        for event in self.events(records):
            yield named_frame(event["type"], jsontext.dumps(event))
        if self._made.end:
            yield DONE

    def events(self, records: Iterable[Record]) -> Iterator[JsonObject]:
        """The events for the run's next records."""
        return filter(None, map(self._numbered, self._made_of(records)))

    def _made_of(self, records: Iterable[Record]) -> Iterator[JsonObject]:
        if not self._begun:
            self._begun = True
            for kind in ("created", "in_progress"):
                body = self._resource.body(self._made, "in_progress")
                yield {"type": f"response.{kind}", "response": body}
        for event in joined([record.event for record in records]):
            yield from self._made.feed(event)
        if self._made.end:
            kind = last_event(self._made.end)
            yield {"type": kind, "response": self._resource.body(self._made)}

    def _numbered(self, event: JsonObject) -> JsonObject | None:
        """None of what the reader has already."""
        delta: str = event.get("delta") or ""
        first = self._next
        self._next += len(delta) or 1
        if first <= self._after:
            known = self._after + 1 - first
            if known >= self._next - first:
                return None
            event = {**event, "delta": delta[known:]}
        return {**event, "sequence_number": self._next - 1}
