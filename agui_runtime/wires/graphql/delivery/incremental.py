"""Delivers a growing document as an operation selects it. Pure: no framing, no sockets.

The format is the older of GraphQL's two for incremental delivery, `items` and `data` with a `path`:
the only one that 1.10.6 front ends understand. A unit (the first result, an item of a streamed
list, a deferred fragment) is delivered when everything in it that may not come later is known. So
any combination of directives works, and all payloads merged equal the answer without directives.
"""

from __future__ import annotations

from itertools import repeat
from typing import NamedTuple, Protocol, cast

from agui_runtime.core import jsontext
from agui_runtime.wires.graphql.delivery.plan import Plan
from agui_runtime.wires.graphql.delivery.selected import Field, Group, Selection
from agui_runtime.wires.graphql.nouns.types import CopilotResponse


class _Root(NamedTuple):
    """The object at the top of the answer."""

    generate_copilot_response: CopilotResponse


class _Growing(Protocol):
    """An object of the document with fields that are `late`."""

    def knows(self, attribute: str) -> bool: ...


class Delivery:
    """One answer. Call `take` whenever the document has grown, until `finished`."""

    def __init__(self, plan: Plan, response: CopilotResponse) -> None:
        self.finished = False
        self._plan = plan
        self._root = _Root(response)
        self._begun = False
        self._units: list[_Unit] = []
        self._texts: list[_Strings] = []

    def begin(self) -> list[bytes]:
        """The same as `take`, and quicker, where the document has not grown yet."""
        return self.take() if self._plan.defers_known else self._first()

    def take(self) -> list[bytes]:
        """The payloads, as JSON, that have become deliverable since the last time."""
        payloads = self._first()
        if self.finished or not self._begun:
            return payloads
        news = _News()
        self._units = [unit for unit in self._units if not unit.advance(news)]
        self._texts = news.texts
        self.finished = not self._units
        if news.pieces:
            payloads.append(_incremental(news.pieces, self.finished))
        elif self.finished:
            payloads.append(b'{"hasNext":false}')
        return payloads

    def take_pieces(self) -> list[bytes]:
        """The same as `take`, and quicker, where the lists of text in the document have grown since
        the last time, and nothing else has changed.
        """
        if self._plan.waits_for_items:
            return self.take()
        pieces: list[bytes] = []
        for text in self._texts:
            text.add(pieces)
        return [_incremental(pieces, False)] if pieces else []

    def _first(self) -> list[bytes]:
        """The first payload, when all is known that it must hold."""
        if self._begun or not _is_ready(self._plan.root, self._root):
            return []
        self._begun = True
        data = jsontext.dumps(_rendered(self._plan.root, self._root, b"", self._units))
        if not self._plan.incremental:
            self.finished = True
            return [b'{"data":' + data + b"}"]
        self.finished = not self._units
        return [b'{"data":' + data + _HAS_NEXT[not self.finished]]


_HAS_NEXT = {True: b',"hasNext":true}', False: b',"hasNext":false}'}


def _incremental(pieces: list[bytes], finished: bool) -> bytes:
    return b'{"incremental":[' + b",".join(pieces) + b"]" + _HAS_NEXT[not finished]


class _News:
    """What a look at all that is still to come has brought: the `pieces` that have become
    deliverable, and the `texts` that are being streamed.
    """

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.texts: list[_Strings] = []


class _Unit(Protocol):
    """Something of the answer that is still to come, wholly or in part."""

    def advance(self, news: _News) -> bool:
        """Add what has become deliverable; True if nothing more can follow from here."""


class _Strings:
    """A streamed list of texts: the hot path. What is ready together shares one `items`."""

    __slots__ = ("_ending", "_field", "_items", "_next", "_owner", "_path")

    def __init__(self, field: Field, owner: object, path: bytes, sent: int) -> None:
        self._field = field
        self._owner = owner
        self._items: list[str] = getattr(owner, field.attribute)
        self._next = sent
        self._path = path[1:]
        self._ending = _ending(field)

    def advance(self, news: _News) -> bool:
        self.add(news.pieces)
        if _is_known(self._field, self._owner):
            return True
        news.texts.append(self)
        return False

    def add(self, pieces: list[bytes]) -> None:
        """Add the items that have come since the last time."""
        start, count = self._next, len(self._items)
        if count > start:
            items = jsontext.dumps(self._items[start:count])
            pieces.append(
                b'{"items":%b,"path":[%b,%d]%b}' % (items, self._path, start, self._ending)
            )
            self._next = count


class _Objects:
    """A streamed list of objects, one `items` each; what is inside them follows from here too."""

    __slots__ = ("_field", "_inner", "_items", "_next", "_owner", "_path")

    def __init__(
        self, field: Field, owner: object, path: bytes, sent: int, inner: list[_Unit]
    ) -> None:
        self._field = field
        self._owner = owner
        self._items: list[object] = getattr(owner, field.attribute)
        self._next = sent
        self._path = path
        self._inner = inner

    def advance(self, news: _News) -> bool:
        while self._next < len(self._items):
            item = self._items[self._next]
            selection = _selection(self._field, item)
            if not _is_ready(selection.immediate, item):
                break
            path = b"%b,%d" % (self._path, self._next)
            data = jsontext.dumps(_object(selection, item, path, self._inner))
            news.pieces.append(
                b'{"items":[%b],"path":[%b]%b}' % (data, path[1:], _ending(self._field))
            )
            self._next += 1
        if self._inner:
            self._inner = [unit for unit in self._inner if not unit.advance(news)]
        if self._inner or self._next < len(self._items):
            return False
        return _is_known(self._field, self._owner)


class _Deferred:
    """A deferred fragment of one object."""

    __slots__ = ("_group", "_inner", "_owner", "_path", "_waiting")

    def __init__(self, group: Group, owner: object, path: bytes) -> None:
        self._group = group
        self._owner = owner
        self._path = path
        self._waiting = True
        self._inner: list[_Unit] = []

    def advance(self, news: _News) -> bool:
        if self._waiting:
            if not _is_ready(self._group, self._owner):
                return False
            self._waiting = False
            data = jsontext.dumps(_rendered(self._group, self._owner, self._path, self._inner))
            news.pieces.append(
                b'{"data":%b,"path":[%b]%b}' % (data, self._path[1:], self._group.ending)
            )
        if self._inner:
            self._inner = [unit for unit in self._inner if not unit.advance(news)]
        return not self._inner


def rendered(field: Field, value: object) -> object:
    """The JSON of what the field resolved to, of which nothing may come later."""
    return _shown(field, value, b"", [])


def _rendered(group: Group, owner: object, path: bytes, later: list[_Unit]) -> dict[str, object]:
    """The group's JSON; whatever of it is to follow is added to `later`. The `path` lacks its
    brackets, and has a comma before each part.
    """
    shown: dict[str, object] = {**group.shape}
    if group.plain:
        values = map(getattr, repeat(owner), group.attributes)
        shown.update(zip(group.plain, values, strict=True))
    for key, attribute, serialize in group.leaves:
        value = getattr(owner, attribute)
        if isinstance(value, list):
            shown[key] = list(map(serialize, value))
        elif value is not None:
            shown[key] = serialize(value)
    for field in group.others:
        shown[field.key] = _value(field, owner, path, later)
    return shown


def _value(field: Field, owner: object, path: bytes, later: list[_Unit]) -> object:
    value = getattr(owner, field.attribute)
    if value is None:
        return None
    if field.stream is not None:
        return _opened(field, owner, path + field.step, later)
    return _shown(field, value, path + field.step, later)


def _shown(field: Field, value: object, path: bytes, later: list[_Unit]) -> object:
    if isinstance(value, list):
        return [_item(field, item, b"%b,%d" % (path, i), later) for i, item in enumerate(value)]
    return _item(field, value, path, later)


def _opened(field: Field, owner: object, path: bytes, later: list[_Unit]) -> list[object]:
    """The first items of a streamed list; the rest is to follow."""
    assert field.stream is not None
    inner: list[_Unit] = []
    first = getattr(owner, field.attribute)[: field.stream.initial]
    shown = [_item(field, item, b"%b,%d" % (path, i), inner) for i, item in enumerate(first)]
    if field.selections is None:
        later.append(_Strings(field, owner, path, len(shown)))
    else:
        later.append(_Objects(field, owner, path, len(shown), inner))
    return shown


def _item(field: Field, value: object, path: bytes, later: list[_Unit]) -> object:
    if field.selections is not None:
        return _object(_selection(field, value), value, path, later)
    return value if field.serialize is None else field.serialize(value)


def _object(
    selection: Selection, value: object, path: bytes, later: list[_Unit]
) -> dict[str, object]:
    shown = _rendered(selection.immediate, value, path, later)
    for group in selection.deferred:
        later.append(_Deferred(group, value, path))
    return shown


def _is_ready(group: Group, owner: object) -> bool:
    """Everything in the group that may not come later is known."""
    for field in group.awaited:  # noqa: SIM110  # runs for every token, and `all` costs double
        if not _is_deliverable(field, owner):
            return False
    return True


def _is_deliverable(field: Field, owner: object) -> bool:
    """Of a streamed list only the first items count."""
    known = _is_known(field, owner)
    if not known and field.stream is None:
        return False
    if known and not field.holds_late:
        return True
    value = getattr(owner, field.attribute)
    inside = value if isinstance(value, list) else [value]
    if field.stream is not None:
        inside = inside[: field.stream.initial]
        if not known and len(inside) < field.stream.initial:
            return False
    if not field.holds_late or value is None:
        return True
    return all(_is_ready(_selection(field, item).immediate, item) for item in inside)


def _is_known(field: Field, owner: object) -> bool:
    return not field.late or cast(_Growing, owner).knows(field.attribute)


def _selection(field: Field, value: object) -> Selection:
    assert field.selections is not None
    return field.selections[type(value).__name__]


def _ending(field: Field) -> bytes:
    assert field.stream is not None
    return field.stream.ending
