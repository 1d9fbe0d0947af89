"""How a memory store keeps what it is given, and what that costs: text wherever it can be.

Objects take many times the memory of their JSON, and how many times depends on their shape. What is
read often stays as it is: the deltas that make up nearly all of a stream, and the messages that a
run goes on from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from sys import getsizeof
from typing import NamedTuple, TypeAlias

from agui_runtime.core.events import Event, Message, Record
from agui_runtime.core.jsontext import dumps, loads
from agui_runtime.off_loop import LONG_TEXT, unless_long
from agui_runtime.stores.base import AgentState

# Bytes that an object costs beside its texts, measured: headers, tuples, numbers, places in lists.
CONTAINER_OVERHEAD = 16
DELTA_OVERHEAD = 300
TEXT_OVERHEAD = 115
ID_OVERHEAD = 100
STATE_OVERHEAD = 400
RUN_OVERHEAD = 500
THREAD_OVERHEAD = 1000

_SHARED = frozenset({"role", "type"})
"""Keys whose values are the same object in all messages."""


class Packed(NamedTuple):
    """A record whose event is kept as JSON."""

    seq: int
    run_id: str
    text: bytes

    def unpacked(self) -> Record:
        return Record(self.seq, self.run_id, loads(self.text))


Stored: TypeAlias = Record | Packed


@dataclass(frozen=True, slots=True)
class SavedState:
    """A saved state as JSON; its messages are shared with whoever reads them, as runs do.

    `weights` are those of the messages, one by one.
    """

    text: bytes
    messages: Sequence[Message]
    weights: Sequence[int]
    version: int
    saved_at: float
    schema_version: int

    @property
    def weight(self) -> int:
        return STATE_OVERHEAD + getsizeof(self.text) + sum(self.weights)

    def unpacked(self) -> AgentState:
        state = loads(self.text)
        return AgentState(state, self.messages, self.version, self.saved_at, self.schema_version)


def stored(seq: int, run_id: str, event: Event) -> Stored:
    """The record as it is kept; raises Unencodable for what is no JSON."""
    if len(event) == 3 and isinstance(event.get("delta"), str):
        return Record(seq, run_id, event)
    return Packed(seq, run_id, text_of(event))


async def records_of(items: Sequence[Stored]) -> list[Record]:
    """The records; where there is much text in them, it is read in a thread."""
    return await unless_long(length_of(items) > LONG_TEXT, _records_of, items)


def length_of(items: Sequence[Stored]) -> int:
    """How many bytes of JSON there are to read in them."""
    return sum([len(item.text) for item in items if isinstance(item, Packed)])


async def state_of(saved: SavedState) -> AgentState:
    return await unless_long(len(saved.text) > LONG_TEXT, saved.unpacked)


def text_of(value: object) -> bytes:
    """Its JSON; raises Unencodable."""
    return bytes(memoryview(dumps(value)))  # orjson's own bytes keep all of its buffer


def saved_state(
    saved: AgentState, version: int, now: float, before: SavedState | None
) -> SavedState:
    """The state as it is kept; raises Unencodable. What was there before is not weighed again."""
    messages = saved.messages
    weights = list(_weights(messages, before))
    return SavedState(text_of(saved.state), messages, weights, version, now, saved.schema_version)


def weight(item: Stored) -> int:
    """How many bytes of memory it takes."""
    if isinstance(item, Packed):
        return TEXT_OVERHEAD + getsizeof(item.text)
    return DELTA_OVERHEAD + getsizeof(item.event["delta"])


def weight_of_ids(ids: Iterable[str]) -> int:
    return sum(ID_OVERHEAD + len(each) for each in ids)


def _records_of(items: Sequence[Stored]) -> list[Record]:
    return [item if isinstance(item, Record) else item.unpacked() for item in items]


def _weights(messages: Sequence[Message], before: SavedState | None) -> Iterator[int]:
    known = before.messages if before else ()
    weights = before.weights if before else ()
    for index, message in enumerate(messages):
        if index < len(known) and known[index] is message:
            yield weights[index]
        else:
            yield _size(message) + 16  # its places in two lists


def _size(value: object) -> int:
    if isinstance(value, str):
        return getsizeof(value) if value else 0
    if isinstance(value, dict):
        inner = sum(_size(each) for key, each in value.items() if key not in _SHARED)
        return CONTAINER_OVERHEAD + getsizeof(value) + inner
    if isinstance(value, list):
        return CONTAINER_OVERHEAD + getsizeof(value) + sum(map(_size, value))
    return 0 if value is None or isinstance(value, bool) else getsizeof(value)
