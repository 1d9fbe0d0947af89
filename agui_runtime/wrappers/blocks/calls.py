"""Blocks by tools: what becomes of calls of `show_chart` and the like in one pass of an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Mapping

from agui_runtime.agents.passes import result_of
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json
from agui_runtime.wrappers.blocks.open_texts import CONTENT, END, START, OpenTexts
from agui_runtime.wrappers.blocks.options import TOOL
from agui_runtime.wrappers.blocks.reading import BROKEN_OFF, LARGEST
from agui_runtime.wrappers.blocks.run_blocks import RunBlocks
from agui_runtime.wrappers.blocks.shown import Place, Shown

SHOWN = "shown"
"""What a call returns whose block is shown."""

_TEXTS = frozenset({START, CONTENT, END})


class _Arguments:
    """Those of one call, until they are more than a block may have."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._pieces: list[str] = []
        self._size = 0

    def add(self, delta: str) -> None:
        if self._size <= LARGEST:
            self._pieces.append(delta)
            self._size += len(delta)

    @property
    def text(self) -> str:
        return "".join(self._pieces)


class CalledBlocks:
    """Fed with the events of one pass; `kinds` are those with tools."""

    def __init__(self, shown: Shown, run: RunBlocks, kinds: Collection[str]) -> None:
        self._shown = shown
        self._run = run
        self._kinds = {TOOL + kind: kind for kind in kinds}
        self._texts = OpenTexts(run)
        self._open: dict[str, _Arguments] = {}
        self._places: dict[str, Place] = {}

    def through(self, event: Event) -> Iterator[Event]:
        """The event, and what the page is shown of it."""
        kind = event["type"]
        yield from self._shown.looked_up()
        if kind in _TEXTS:
            yield from self._texts.feed(event)
            return
        yield event
        self._run.note(event)
        if kind == "TOOL_CALL_START" and event["toolCallName"] in self._kinds:
            yield from self._begun(event)
        elif kind == "TOOL_CALL_ARGS" and event["toolCallId"] in self._open:
            self._open[event["toolCallId"]].add(event["delta"])
        elif kind == "TOOL_CALL_END" and event["toolCallId"] in self._open:
            call = self._open.pop(event["toolCallId"])
            yield from self._shown.ended(call.place, call.text)

    def broken_off(self) -> Iterator[Event]:
        """For the blocks that will not be completed."""
        calls, self._open = self._open, {}
        for call in calls.values():
            yield from self._shown.refused(call.place, BROKEN_OFF)

    async def rest(self) -> AsyncIterator[Event]:
        """What is to be shown when the agent has ended."""
        for event in self.broken_off():
            yield event
        async for event in self._shown.rest():
            yield event

    async def close(self) -> None:
        await self._shown.close()

    def results(self, calls: Collection[Mapping[str, Json]]) -> Iterator[Event]:
        """For those of the calls that show blocks: what their tools return."""
        for call in calls:
            place = self._places.get(call["id"])
            if place is not None:
                yield result_of(call["id"], self._result(place))

    def _result(self, place: Place) -> str:
        fault = self._shown.faults.get(place.id)
        if fault is None:
            return SHOWN
        if self._run.is_given_up(place.kind):
            return f"Not shown: {fault}. Do not try again; say it in words."
        return f"Not shown: {fault}. Write it again."

    def _begun(self, start: Event) -> Iterator[Event]:
        id_ = start["toolCallId"]
        yield from self._texts.interrupt()
        place, events = self._shown.begun(self._kinds[start["toolCallName"]], id_)
        self._open[id_] = _Arguments(place)
        self._places[id_] = place
        yield from events
