"""Events that AG-UI's models refuse although their meaning is plain, made legal. Pure.

Servers of all generations send them, and the published TypeScript clients take them: nulls and
broken values in optional fields, times with fractions, parts and patches of an older form.
"""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

from ag_ui.core import BaseEvent, Event as AnyEvent, EventType
from pydantic import TypeAdapter, ValidationError

from agui_runtime.core.errors import ProtocolFailure, first_fault
from agui_runtime.core.jsontext import Json, JsonObject, dumps
from agui_runtime.core.message_parts import modern

_Path: TypeAlias = list[str | int]

_PASSES = 8
"""So often an event is mended and checked again: a value may hide the fault of another one."""

_WHOLE_TIMES = 2**53 - 1

_UNKNOWN_MEMBER = frozenset({"union_tag_invalid", "union_tag_not_found"})
_PATCHES = {"STATE_DELTA": "delta", "ACTIVITY_DELTA": "patch"}
_PARTS = frozenset({"text", "image", "audio", "video", "document"})
_PART = "part"
_TEXTS = frozenset({"arguments", "code", "content", "delta", "text"})
_UNSAID = "the agent failed and did not say why"


class Mended(NamedTuple):
    """The event, and in words what of it could not be read."""

    event: JsonObject
    losses: Sequence[str] = ()


def validated(item: Mapping[str, Json]) -> Mended:
    """The event that the object stands for, in its wire form; raises ProtocolFailure if it is none.

    An optional field that cannot be read is left out; a patch that cannot be applied changes
    nothing, as in AG-UI's clients. What a field must hold is never made up.
    """
    try:
        return Mended(_dumped(_ADAPTER.validate_python(item)))
    except ValidationError as error:
        kind = _kind(item)
        mended = _Mending(kind, _older(kind, item))
        return mended.event(error)


class _Mending:
    """One event on its way to be legal."""

    def __init__(self, kind: str, item: JsonObject) -> None:
        self._kind = kind
        self._item = item
        self._losses: list[str] = []
        self._dropped: list[_Path] = []

    def event(self, first: ValidationError) -> Mended:
        for _ in range(_PASSES):
            try:
                return Mended(_dumped(_ADAPTER.validate_python(self._item)), self._losses)
            except ValidationError as error:
                self._mend(error, first)
        raise _refused(first)

    def _mend(self, error: ValidationError, first: ValidationError) -> None:
        faults = list(self._faults(error, first))
        mended: list[_Path] = []
        for path, problem in reversed(faults):  # the places of a list move when one is left out
            within = any(len(other) > len(path) == _shared(other, path) for other, _ in faults)
            if path not in mended and not within:  # a union reports a fault for each member
                mended.append(path)
                self._mend_at(path, problem)

    def _faults(
        self, error: ValidationError, first: ValidationError
    ) -> Iterator[tuple[_Path, str]]:
        """Where the faults are, and of which sort; raises for what must be there and is not."""
        for fault in error.errors(include_url=False, include_input=False):
            missing = fault["type"] == "missing"
            path = _path(self._item, fault["loc"][1:], missing)
            if path[:1] == [_PATCHES.get(self._kind)] and path[0] in self._item:
                yield path[:1], fault["type"]
            elif part := _part(path):
                yield part, _PART
            elif missing or not path:
                # The last value that was there is what the failure is about.
                raise _refused(first if path in self._dropped else error)
            else:
                yield path, fault["type"]

    def _mend_at(self, path: _Path, problem: str) -> None:
        holder = _at(self._item, path[:-1])
        key = path[-1]
        if not _holds(holder, key):
            return  # it went with what holds it
        if key == _PATCHES.get(self._kind):
            holder[key] = []
            self._losses.append(f"{key}: a patch that cannot be applied")
        elif problem == _PART and not any(map(_is_part, holder)):
            _at(self._item, path[:-2])[path[-2]] = _text(holder)
        elif problem == _PART or problem in _UNKNOWN_MEMBER:
            self._drop(path, "of an unknown kind")
        elif key in _TEXTS:
            holder[key] = _text(holder[key])
        else:
            self._drop(_field(path), "not what AG-UI has there")

    def _drop(self, path: _Path, why: str) -> None:
        holder = _at(self._item, path[:-1])
        if not _holds(holder, path[-1]):
            return
        if holder[path[-1]] is not None:
            self._losses.append(f"{'.'.join(map(str, path))}: {why}")
        self._dropped.append(path)
        del holder[path[-1]]


def _older(kind: str, item: Mapping[str, Json]) -> JsonObject:
    """A copy of the event in the words of today, as far as only the words were other ones."""
    copy = deepcopy(dict(item))
    copy["type"] = kind
    for name, value in _ABSENT.get(kind, {}).items():
        copy.setdefault(name, value)
        if copy[name] is None:
            copy[name] = value
    if kind == "REASONING_MESSAGE_START":
        copy["role"] = "reasoning"  # ag-ui-protocol 0.1.11 to 0.1.13 demand `assistant`
    elif kind == "RUN_STARTED":
        copy.pop("input", None)  # the run writes its own
    elif kind == "MESSAGES_SNAPSHOT" and isinstance(copy.get("messages"), list):
        copy["messages"] = [modern(message) for message in copy["messages"]]
    time = copy.get("timestamp")
    if isinstance(time, float) and math.isfinite(time) and abs(time) < _WHOLE_TIMES:
        copy["timestamp"] = round(time)
    return copy


def _kind(item: Mapping[str, Json]) -> str:
    kind = item.get("type")
    if isinstance(kind, str) and kind in _KINDS:
        return EventType(kind).value
    if not isinstance(kind, str):
        raise ProtocolFailure(
            "not an AG-UI event: it needs a `type`, for example TEXT_MESSAGE_CHUNK"
        )
    guess = _meant(kind)
    hint = f"; did you mean {guess}?" if guess else ""
    raise ProtocolFailure(f"not an AG-UI event: there is no type {kind[:100]!r}{hint}")


def _meant(kind: str) -> str | None:
    plain = {_letters(known): known for known in _KINDS}
    close = difflib.get_close_matches(_letters(kind), plain, n=1, cutoff=0.8)
    return plain[close[0]] if close else None


def _letters(kind: str) -> str:
    return re.sub("[^a-z]", "", kind.lower()).removesuffix("event")


def _path(item: JsonObject, location: Sequence[str | int], missing: bool) -> _Path:
    """Where in the event a fault is: pydantic's location also names the members of unions."""
    path: _Path = []
    here: Any = item
    for step in location:
        if isinstance(step, str) and isinstance(here, dict) and step not in here:
            step = _snake(step) if _snake(step) in here else step
        if _holds(here, step):
            path.append(step)
            here = here[step]
    return [*path, location[-1]] if missing else path


def _snake(name: str) -> str:
    return re.sub("([A-Z])", lambda found: "_" + found[0].lower(), name)


def _at(item: Json, path: _Path) -> Json:
    for step in path:
        if not _holds(item, step):
            return None
        item = item[step]
    return item


def _holds(holder: object, key: str | int) -> bool:
    if isinstance(holder, dict):
        return key in holder
    return isinstance(holder, list) and isinstance(key, int) and key < len(holder)


def _shared(one: _Path, other: _Path) -> int:
    """How many steps of two paths are the same."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(other))


def _part(path: _Path) -> _Path | None:
    """The part of a message's content that the path leads into."""
    for at, (key, step) in enumerate(pairwise(path)):
        if key == "content" and isinstance(step, int):
            return path[: at + 2]
    return None


def _is_part(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in _PARTS


def _field(path: _Path) -> _Path:
    """The field that a value stands in: all of a list, for half of one means another thing."""
    end = len(path)
    while end > 1 and isinstance(path[end - 1], int):
        end -= 1
    return path[:end]


def _text(value: object) -> str:
    """What stands for a text: the texts of its parts, else its JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    parts = value if isinstance(value, list) else ()
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    if parts and all(isinstance(text, str) for text in texts) and len(texts) == len(parts):
        return "".join(map(str, texts))
    return dumps(value).decode()


def _refused(error: ValidationError) -> ProtocolFailure:
    return ProtocolFailure(f"not an AG-UI event: {first_fault(error)}")


def _dumped(event: BaseEvent) -> JsonObject:
    return event.model_dump(mode="json", by_alias=True)


# JSON has no "undefined": what a client of TypeScript takes for absent data is null here, and the
# ids of a run are its own.
_ABSENT: Mapping[str, Mapping[str, Json]] = {
    "STATE_SNAPSHOT": {"snapshot": None},
    "CUSTOM": {"value": None},
    "RAW": {"event": None},
    "RUN_STARTED": {"threadId": "", "runId": ""},
    "RUN_FINISHED": {"threadId": "", "runId": ""},
    "RUN_ERROR": {"message": _UNSAID},
}
_KINDS = frozenset(kind.value for kind in EventType)
_ADAPTER: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
