"""The records that tools returned in a run, by which blocks of entities are filled. Pure."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json
from agui_runtime.core.message_parts import in_words

MOST = 256 * 1024
"""So many characters of results are kept, the latest ones."""

_SAYS = ("kind", "type", "entity")
_WRAPPINGS = frozenset(
    {"data", "items", "result", "results", "rows", "records", "list", "value", "values", "node"}
    | {"nodes", "edges", "content", "structuredcontent", "response", "payload"}
)
"""Keys that say nothing of what stands under them."""

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


class _Result(NamedTuple):
    tool: str
    text: str


class Records:
    """What tools returned, and the objects with an id in it."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._results: OrderedDict[str, _Result] = OrderedDict()
        self._size = 0

    def name(self, call_id: str, tool: str) -> None:
        """Which tool a call is of."""
        self._names[call_id] = tool

    def note(self, tool: str, call_id: str, content: object) -> None:
        """What a call returned. The oldest go where there are too many."""
        text = content if isinstance(content, str) else in_words(jsontext.plain(content))
        if len(text) > MOST or "{" not in text:
            return
        self._drop(call_id)
        self._results[call_id] = _Result(tool or self._names.get(call_id, ""), text)
        self._size += len(text)
        while self._size > MOST:
            self._drop(next(iter(self._results)))

    def _drop(self, call_id: str) -> None:
        known = self._results.pop(call_id, None)
        self._size -= len(known.text) if known else 0

    def find(self, kind: str, id_: str) -> Mapping[str, Json] | None:
        """The record that was returned last and is of that kind: as it says itself, or the list
        that it stands in, or the tool.
        """
        return next((each for each, named in self._with_id(kind, id_) if named), None)

    def guess(self, kind: str, id_: str) -> Mapping[str, Json] | None:
        """The record with that id where nothing says of which kind it is."""
        found = [each for each, named in self._with_id(kind, id_) if named is None]
        return found[0] if found else None

    def _with_id(self, kind: str, id_: str) -> Iterator[tuple[Mapping[str, Json], bool | None]]:
        """Those with the id, and whether they are of the kind, None where nothing says it."""
        wanted = _singular(kind)
        for result in reversed(self._results.values()):
            of_tool = wanted in _words(result.tool)
            for record, within in _objects(_value(result.text)):
                own = record.get("id")
                if isinstance(own, str | int) and not isinstance(own, bool) and str(own) == id_:
                    yield record, _is_of(record, wanted, within, of_tool=of_tool)


def _is_of(record: Mapping[str, Json], wanted: str, within: str, *, of_tool: bool) -> bool | None:
    named = [_singular(record[key]) for key in _SAYS if isinstance(record.get(key), str)]
    if wanted in named or _singular(within) == wanted or (of_tool and not within):
        return True
    return False if within or named else None


def _objects(value: Json) -> Iterator[tuple[Mapping[str, Json], str]]:
    """All objects within, with the key that they, or the list that holds them, stand under."""
    waiting: list[tuple[Json, str]] = [(value, "")]
    while waiting:
        each, within = waiting.pop()
        if isinstance(each, dict):
            yield each, within
            waiting += [
                (inner, within if key.lower() in _WRAPPINGS else key)
                for key, inner in reversed(each.items())
            ]
        elif isinstance(each, list):
            waiting += [(inner, within) for inner in reversed(each)]


def _value(text: str) -> Json:
    """Some tools return the JSON text of a JSON text."""
    try:
        value = jsontext.loads(text)
        return jsontext.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return None


def _words(name: str) -> set[str]:
    return {_singular(word) for word in _WORD.findall(name)} | {_singular(name)}


def _singular(word: str) -> str:
    lower = word.strip().lower()
    if lower.endswith("ies"):
        return lower[:-3] + "y"
    return lower[:-1] if lower.endswith("s") and not lower.endswith("ss") else lower
