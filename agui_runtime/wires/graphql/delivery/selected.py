"""What an operation selects of the document, made ready for every answer. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from agui_runtime.core import jsontext

Selections: TypeAlias = Mapping[str, "Selection"]
"""What an operation selects, by the name of the class that holds a value."""


class Stream(NamedTuple):
    """A list whose items are delivered one by one, all but the first `initial`; `ending` is what
    the payload of each has besides.
    """

    initial: int
    ending: bytes


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an answer: its key, and the attribute of the object that holds its value.

    `typename` is set for `__typename`, which has no attribute. A leaf has `serialize`, or neither
    that nor `selections` if its values are JSON already. `late`: ask the object's `knows` for it;
    `holds_late`: something in its value is. `step` is what the field adds to a path.
    """

    key: str
    attribute: str = ""
    typename: str | None = None
    late: bool = False
    serialize: Callable[[Any], Any] | None = None
    selections: Selections | None = None
    stream: Stream | None = None
    holds_late: bool = False
    step: bytes = b""

    @property
    def is_awaited(self) -> bool:
        """Whether its value, or something in it, may not be known yet when it is to be shown."""
        is_empty = self.stream is not None and self.stream.initial == 0
        return (self.late or self.holds_late) and not is_empty

    @property
    def is_plain(self) -> bool:
        """Whether the value of the attribute is what is shown."""
        return not (self.typename or self.serialize or self.stream) and self.selections is None


class Leaf(NamedTuple):
    """A field whose values, none of which is null, are shown as `serialize` writes them."""

    key: str
    attribute: str
    serialize: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Group:
    """Fields of one object that are delivered together; `ending` is what the payload of deferred
    ones has besides.

    `shape` is their JSON, in order, as far as it is the same for each object. The `plain` of them
    are shown as the `attributes` are, the `leaves` by their `serialize`, the `others` are to be
    made; `awaited` ones may have to come later.
    """

    shape: dict[str, str | None]
    plain: tuple[str, ...]
    attributes: tuple[str, ...]
    leaves: tuple[Leaf, ...]
    others: tuple[Field, ...]
    awaited: tuple[Field, ...]
    ending: bytes = b""


@dataclass(frozen=True, slots=True)
class Selection:
    """What an operation selects of one type: what comes with an object, and what may come later."""

    immediate: Group
    deferred: tuple[Group, ...] = ()


def group_of(fields: Iterable[Field], label: str | None = None) -> Group:
    fields = tuple(fields)
    plain = [field for field in fields if field.is_plain]
    return Group(
        shape={field.key: field.typename for field in fields},
        plain=tuple(field.key for field in plain),
        attributes=tuple(field.attribute for field in plain),
        leaves=tuple(
            Leaf(field.key, field.attribute, field.serialize)
            for field in fields
            if field.serialize and not field.stream
        ),
        others=tuple(field for field in fields if field.selections is not None or field.stream),
        awaited=tuple(field for field in fields if field.is_awaited),
        ending=ending_of(label),
    )


def ending_of(label: str | None) -> bytes:
    """How a payload with the label ends."""
    return b',"label":' + jsontext.dumps(label) if label else b""


def step_to(key: str) -> bytes:
    """What a key adds to a path, which is JSON with a comma before each of its parts."""
    return b"," + jsontext.dumps(key)
