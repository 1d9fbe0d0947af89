"""How a memory store keeps what it is given, and what that costs: text wherever it can be.

Objects take many times the memory of their JSON, and how many times depends on their shape. What is
read often stays as it is: the deltas that make up nearly all of a stream, events as small as they
are, and the messages that a run goes on from.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import accumulate, count, repeat
from operator import is_
from sys import getsizeof
from typing import NamedTuple, TypeAlias

from agui_runtime.core.columns import are, of_type, places
from agui_runtime.core.events import Event, Message, Record
from agui_runtime.core.jsontext import dumps, loads
from agui_runtime.core.stretches import Stretch
from agui_runtime.off_loop import LONG_TEXT, unless_long
from agui_runtime.stores.base import AgentState

# Bytes that an object costs beside its texts, measured: headers, tuples, numbers, places in lists.
CONTAINER_OVERHEAD = 16
DELTA_OVERHEAD = 200
TEXT_OVERHEAD = 20
ID_OVERHEAD = 100
PLACES_OVERHEAD = 80  # of a message: in two lists, and in what it is found by
STATE_OVERHEAD = 400
RUN_OVERHEAD = 500
THREAD_OVERHEAD = 1000

FEW = 64
"""So few messages a run finds anew: what they are found by is not kept with each short thread."""

_FEW_TEXTS, _SHORT, _TEXT = 4, 200, {str}

_EMPTY_TEXT = getsizeof("")

_SHARED = frozenset({"role", "type"})
"""Keys whose values are the same object in all messages."""


StoredEvent: TypeAlias = Event | bytes
"""A small event, or the JSON of any other. The number and run of its record follow from its place:
an object for each record would take 100 bytes more, at which the garbage collector looks time and
again.
"""


class Part(NamedTuple):
    """Some events of one run. `first` is the number of the first one's record, `text` how many
    bytes of JSON there are to read.
    """

    first: int
    run_id: str
    events: Sequence[StoredEvent]
    text: int

    @classmethod
    def of(cls, first: int, run_id: str, events: Sequence[StoredEvent]) -> Part:
        return cls(first, run_id, events, sum(map(len, of_type(events, bytes))))

    def cut(self, most: int) -> Part:
        """So much of it that there is not much more text than that, and at least one event."""
        sizes = accumulate(len(event) if type(event) is bytes else 0 for event in self.events)
        count = next((count for count, size in enumerate(sizes, 1) if size >= most), None)
        return Part.of(self.first, self.run_id, self.events[:count])

    def records(self) -> list[Record]:
        events = list(self.events)
        if self.text:
            texts = of_type(events, bytes)
            for place, text in zip(list(places(are(bytes, events))), texts, strict=True):
                events[place] = loads(text)
        return recorded(self.first, self.run_id, events)


class SavedState(NamedTuple):
    """A saved state as JSON; its messages are shared with whoever reads them, as runs do.

    `weights` are of the messages up to each, with it.
    """

    text: bytes
    messages: Sequence[Message]
    weights: array[int]
    version: int
    saved_at: float
    schema_version: int
    replaced: Sequence[str] = ()

    @property
    def weight(self) -> int:
        digests = sum(map(getsizeof, self.replaced))
        messages = self.weights[-1] if self.weights else 0
        return STATE_OVERHEAD + getsizeof(self.text) + messages + digests

    def unpacked(self) -> AgentState:
        about = (self.version, self.saved_at, self.schema_version, self.replaced)
        return AgentState(loads(self.text), self.messages, *about)


def recorded(first: int, run_id: str, events: Iterable[StoredEvent]) -> list[Record]:
    """The records of a run's events, none of which is JSON; the first one has this number."""
    return list(map(_record, zip(count(first), repeat(run_id), events)))


def stored(events: Iterable[Event]) -> tuple[Sequence[StoredEvent], int]:
    """The events as they are kept, and their weight; raises Unencodable for what is no JSON."""
    if isinstance(events, Stretch) and (text := events.joined["delta"]).isascii():
        return events, len(events) * (DELTA_OVERHEAD + _EMPTY_TEXT) + len(text)
    made: list[StoredEvent] = []
    total = 0
    for event in events:
        if len(event) == 3 and isinstance(delta := event.get("delta"), str):
            made.append(event)
            total += DELTA_OVERHEAD + getsizeof(delta)
        elif _is_small(event):
            made.append(event)
            total += weight(event)
        else:
            made.append(text := text_of(event))
            total += weight(text)
    return made, total


async def records_of(parts: Sequence[Part]) -> list[Record]:
    """The records; where there is much text in them, it is read in a thread."""
    if len(parts) == 1 and parts[0].text <= LONG_TEXT:
        return parts[0].records()
    return await unless_long(sum(part.text for part in parts) > LONG_TEXT, _records_of, parts)


async def state_of(saved: SavedState) -> AgentState:
    return await unless_long(len(saved.text) > LONG_TEXT, saved.unpacked)


def text_of(value: object) -> bytes:
    """Its JSON; raises Unencodable."""
    return bytes(memoryview(dumps(value)))  # orjson's own bytes keep all of its buffer


def saved_state(
    saved: AgentState, version: int, now: float, before: SavedState | None
) -> SavedState:
    """The state as it is kept; raises Unencodable. What was there before is not weighed again."""
    messages, count = saved.messages, shared(saved.messages, before)
    weights = before.weights[:count] if before else array("q")
    size = weights[-1] if weights else 0
    for message in messages[count:]:
        weights.append(size := size + _size_of(message) + PLACES_OVERHEAD)
    about = (version, now, saved.schema_version, tuple(saved.replaced))
    state = text_of(saved.state)
    return SavedState(state, messages if len(messages) > FEW else list(messages), weights, *about)


def shared(messages: Sequence[Message], before: SavedState | None) -> int:
    """How many of the first messages are the ones that were saved before."""
    known = before.messages if before else ()
    if messages[: len(known)] == known:  # as nearly always: the very same, which none is read for
        return len(known)
    same = list(map(is_, messages, known))
    return same.index(False) if False in same else len(same)


def weight(event: StoredEvent) -> int:
    """How many bytes of memory it takes."""
    if isinstance(event, bytes):
        return TEXT_OVERHEAD + getsizeof(event)
    if "delta" in event:
        return DELTA_OVERHEAD + getsizeof(event["delta"])
    return DELTA_OVERHEAD + sum([getsizeof(event[key]) for key in event.keys() - _SHARED])


def weight_of_ids(ids: Iterable[str]) -> int:
    return sum(ID_OVERHEAD + len(each) for each in ids)


_record: Callable[[tuple[int, str, StoredEvent]], Record] = partial(tuple.__new__, Record)
"""Makes one of its fields in a third of the time that its own constructor, which is Python, takes.
"""


def _records_of(parts: Sequence[Part]) -> list[Record]:
    return [record for part in parts for record in part.records()]


def _is_small(event: Event) -> bool:
    """Whether it is a few short texts, as where a message or a run begins and ends: an object of
    these takes hardly more memory than their JSON.
    """
    return (
        len(event) <= _FEW_TEXTS
        and set(map(type, event.values())) == _TEXT
        and sum(map(len, event.values())) <= _SHORT
    )


def is_flat(message: Message) -> bool:
    """Whether it holds nothing but texts, and is weighed at once however long they are."""
    return _TEXT.issuperset(map(type, message.values()))


def _size_of(message: Message) -> int:
    if not is_flat(message):
        return _size(message)
    texts = [text for key, text in message.items() if text and key not in _SHARED]
    return CONTAINER_OVERHEAD + getsizeof(message) + sum(map(getsizeof, texts))


def _size(value: object) -> int:
    if isinstance(value, str):
        return getsizeof(value) if value else 0
    if isinstance(value, dict):
        inner = sum(_size(each) for key, each in value.items() if key not in _SHARED)
        return CONTAINER_OVERHEAD + getsizeof(value) + inner
    if isinstance(value, list):
        return CONTAINER_OVERHEAD + getsizeof(value) + sum(map(_size, value))
    return 0 if value is None or isinstance(value, bool) else getsizeof(value)
