"""What many values have in common, read of all of them in C. Pure.

A conversation comes whole with each request: what looks at each of its messages in Python costs as
much as the rest of a turn, once there are a hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence, Set
from itertools import compress, count, repeat
from operator import attrgetter, contains, is_, not_
from typing import TypeVar

from pydantic import BaseModel

from agui_runtime.core.jsontext import Json, JsonObject

T = TypeVar("T")


def column(objects: Iterable[JsonObject], key: str) -> list[Json]:
    """What each has under the key, None where it has nothing."""
    return list(map(_UNDER, objects, repeat(key)))


def attributes(objects: Iterable[object], *names: str) -> list[Json]:
    """What each has as the attribute, or as a tuple of several."""
    return list(map(attrgetter(*names), objects))


def are(kind: type, values: Iterable[object]) -> Iterator[bool]:
    """Of each value whether it is of the type itself, and of no other that derives from it."""
    return map(is_, map(type, values), repeat(kind))


def of_type(values: Sequence[object], kind: type[T]) -> list[T]:
    """The values of which it is true."""
    found: Iterator[Json] = compress(values, map(is_, map(type, values), repeat(kind)))
    return list(found)


def by_type(values: Sequence[object]) -> Iterator[tuple[type, list[Json]]]:
    """The values of each type."""
    return ((kind, of_type(values, kind)) for kind in set(map(type, values)))


def inside(kind: type, values: Sequence[Json]) -> Iterable[Collection[object]]:
    """What each value of that type holds, if they are objects, lists or models; else nothing."""
    if issubclass(kind, dict):
        return map(_VALUES, values)
    if issubclass(kind, BaseModel):
        return map(_VALUES, attributes(values, "__dict__"))
    return values if issubclass(kind, list | tuple) else ()


def places(marks: Iterable[object]) -> Iterator[int]:
    """Where those are that are true."""
    return compress(count(), marks)


def unknown(values: Sequence[T], names: Iterable[object], known: Set[str]) -> list[T]:
    """The values whose names are not known."""
    return list(compress(values, map(not_, map(contains, repeat(known), names))))


_UNDER: Callable[[JsonObject, str], Json] = dict.get
_VALUES: Callable[[JsonObject], Collection[Json]] = dict.values
