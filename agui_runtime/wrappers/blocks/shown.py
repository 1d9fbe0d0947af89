"""Blocks as they become events: each is one activity, which says first that it is being written and
last what it holds, or that it was refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass

from agui_runtime.core.block_activities import ACTIVITY, FALLBACK
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event, as_event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wrappers.blocks import entities, markdown
from agui_runtime.wrappers.blocks.kinds import Entity, markdown_of, summary_of
from agui_runtime.wrappers.blocks.options import Blocks
from agui_runtime.wrappers.blocks.reading import Refused, block_in, content_of, object_in
from agui_runtime.wrappers.blocks.run_blocks import MOST, RunBlocks

logger = logger_of(__name__)

REFUSED = "agui_runtime.block_refused"
"""The CUSTOM event with `{kind, reason, index}` of a block that is not shown."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a block stands: its kind, the id of its activity, how many came before it."""

    kind: str
    id: str
    index: int


class Shown:
    """The blocks that one call of an agent shows. `repaired`: the model writes again what was
    refused. `faults` are the reasons of those that were refused, `summaries` lines that stand for
    the others, both by their ids.
    """

    def __init__(self, options: Blocks, run: RunBlocks, *, repaired: bool) -> None:
        self.faults: dict[str, str] = {}
        self.summaries: dict[str, str] = {}
        self._repaired = repaired
        self._options = options
        self._models = options.models
        self._run = run
        self._lookups: dict[Place, asyncio.Task[JsonObject]] = {}

    def begun(self, kind: str, wanted: str) -> tuple[Place, Iterator[Event]]:
        """The place of a new block, and the event that says that it is being written."""
        place = Place(kind, *self._run.place(kind, wanted))
        building = _activity(place, {"status": "building"})
        return place, iter([building] if place.index < MOST else [])

    def ended(self, place: Place, text: str) -> Iterator[Event]:
        """The events of a block that was written to its end."""
        try:
            yield from self._read(place, text)
        except Refused as refusal:
            yield from self.refused(place, refusal.reason)

    def refused(self, place: Place, reason: str) -> Iterator[Event]:
        """The events of a block that is not shown; it may be written again."""
        self.faults[place.id] = reason
        logger.warning("block %d (%s) was refused: %s", place.index, place.kind, reason)
        value = {"kind": place.kind, "reason": reason, "index": place.index}
        yield as_event({"type": "CUSTOM", "name": REFUSED, "value": value})
        if place.index < MOST and place.kind in self._models:
            if self._repaired:
                self._run.refused(place.kind, (place.id, place.index))
            yield _activity(place, {"status": "refused", "reason": reason})

    def unknown(self, kind: str, reason: str, wanted: str) -> Iterator[Event]:
        """The event of a block of a kind that there is not."""
        yield from self.refused(Place(kind, *self._run.place(kind, wanted)), reason)

    def looked_up(self) -> Iterator[Event]:
        """The events of records that were found since."""
        for place in [place for place, task in self._lookups.items() if task.done()]:
            yield from self._found(place)

    async def rest(self) -> AsyncIterator[Event]:
        """The events of all records that are still looked up."""
        for place, task in list(self._lookups.items()):
            await asyncio.wait([task])
            for event in self._found(place):
                yield event

    async def close(self) -> None:
        """Nobody waits for the records any more."""
        for task in self._lookups.values():
            task.cancel()
        await asyncio.gather(*self._lookups.values(), return_exceptions=True)

    def _read(self, place: Place, text: str) -> Iterator[Event]:
        if place.index >= MOST:
            raise Refused(f"a run shows {MOST} blocks at most; say the rest in words")
        if self._run.is_given_up(place.kind):
            raise Refused("it was refused too often; say it in words")
        written = {key: value for key, value in object_in(text).items() if key != "type"}
        block = block_in(self._models[place.kind], written)
        self.summaries[place.id] = summary_of(block, place.kind)
        if isinstance(block, Entity):
            yield from self._entity(place, block)
        else:
            yield self._whole(place, content_of(block), markdown_of(block, place.kind))

    def _entity(self, place: Place, block: Entity) -> Iterator[Event]:
        resolver = self._options.entities
        guess = resolver is None
        content = entities.returned(self._run.records, block.kind, block.id, guess=guess)
        if content is not None:
            yield self._whole(place, content, markdown.entity(content))
        else:
            look_up = entities.resolved(resolver, block.kind, block.id)
            self._lookups[place] = asyncio.create_task(look_up)

    def _found(self, place: Place) -> Iterator[Event]:
        task = self._lookups.pop(place)
        try:
            content = task.result()
            yield self._whole(place, content, markdown.entity(content))
        except Refused as refusal:
            yield from self.refused(place, refusal.reason)

    def _whole(self, place: Place, content: Mapping[str, Json], text: str) -> Event:
        metadata = {"metadata": {FALLBACK: text}} if self._options.fallback else {}
        try:
            made = _activity(place, content, **metadata)
        except ProtocolFailure as failure:
            raise Refused(failure.message) from None
        self._run.shown(place.kind)
        return made


def _activity(place: Place, content: Mapping[str, Json], **fields: Json) -> Event:
    activity = {
        "type": "ACTIVITY_SNAPSHOT",
        "messageId": place.id,
        "activityType": ACTIVITY + place.kind,
        "content": content,
        "replace": True,
    }
    return as_event(activity | fields)
