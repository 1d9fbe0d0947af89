"""Makes input objects of coerced JSON, faster than Strawberry does. Knows no particular input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast

from strawberry.schema.name_converter import NameConverter
from strawberry.types import get_object_definition, has_object_definition
from strawberry.types.base import StrawberryContainer

from agui_runtime.core.jsontext import Json

T = TypeVar("T")

NAMES = NameConverter()


def read(kind: type[T], coerced: Mapping[str, Json] | T) -> T:
    """Make an input object of what graphql-core coerced for its type, unless it is one already.

    Strawberry's own conversion costs 35 us a message, and a front end sends all of its chat.
    """
    return coerced if isinstance(coerced, kind) else _made(kind, cast(Mapping[str, Json], coerced))


def _made(kind: type[T], coerced: Mapping[str, Json]) -> T:
    values: dict[str, object] = {}
    for name, attribute, inner in _readers(cast(type, kind)):
        if name in coerced:
            value = coerced[name]
            values[attribute] = _read(inner, value) if inner else value
    return kind(**values)


class _Reader(NamedTuple):
    """How one field of an input object is read; `inner` is set if it holds input objects."""

    name: str
    attribute: str
    inner: type | None


def _read(inner: type, value: Any) -> object:  # noqa: ANN401  # coerced JSON
    if isinstance(value, list):
        return [_made(inner, item) for item in value]
    return None if value is None else _made(inner, value)


@cache
def _readers(kind: type) -> tuple[_Reader, ...]:
    return tuple(_readers_of(kind))


def _readers_of(kind: type) -> Iterable[_Reader]:
    for field in get_object_definition(kind, strict=True).fields:
        inner = field.type
        while isinstance(inner, StrawberryContainer):
            inner = inner.of_type
        name = NAMES.get_graphql_name(field)
        yield _Reader(name, field.python_name, inner if has_object_definition(inner) else None)
