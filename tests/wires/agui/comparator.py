"""What a front end makes of an answer of this wire, and where two answers differ for it.

Event ids, comments and the borders of writes do not count; events and their order do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tests.wires.agui.serving import frames

GENERATED = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Answer(NamedTuple):
    """A status, the media type, and the JSON, events or text of the body."""

    status: int
    kind: str
    body: Any


class Difference(NamedTuple):
    """One place where two answers differ."""

    place: str
    expected: object
    actual: object


def answer(status: int, headers: Mapping[str, str], raw: str) -> Answer:
    """An answer as it came over the wire, decoded."""
    kind = headers.get("content-type", "").partition(";")[0]
    if kind == "text/event-stream":
        return Answer(status, kind, [event for _, event in frames(raw)])
    return Answer(status, kind, json.loads(raw) if kind == "application/json" and raw else raw)


def differences(
    expected: Answer, actual: Answer, allowed: Mapping[str, str]
) -> tuple[list[Difference], set[str]]:
    """Where they differ though no glob of `allowed` says they may; and the globs that were used."""
    found = [
        Difference(name, before, after)
        for name, before, after in zip(Answer._fields[:2], expected[:2], actual[:2], strict=True)
        if before != after
    ]
    found += _compared("body", expected.body, actual.body)
    used = {glob for glob in allowed for each in found if fnmatchcase(each.place, glob)}
    return [each for each in found if not any(fnmatchcase(each.place, g) for g in used)], used


def _compared(place: str, expected: object, actual: object) -> Iterator[Difference]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key in [*expected, *(key for key in actual if key not in expected)]:
            yield from _compared(
                f"{place}.{key}", expected.get(key, ABSENT), actual.get(key, ABSENT)
            )
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _lists(place, expected, actual)
    elif not _alike(expected, actual):
        yield Difference(place, expected, actual)


def _lists(place: str, expected: Sequence[Any], actual: Sequence[Any]) -> Iterator[Difference]:
    for index in range(max(len(expected), len(actual))):
        before = expected[index] if index < len(expected) else ABSENT
        after = actual[index] if index < len(actual) else ABSENT
        yield from _compared(f"{place}.{index}", before, after)


def _alike(expected: object, actual: object) -> bool:
    if isinstance(expected, str) and isinstance(actual, str):
        for pattern in (GENERATED, TIME):
            if pattern.fullmatch(expected) and pattern.fullmatch(actual):
                return True
    return type(expected) is type(actual) and expected == actual


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()
