"""What a front end makes of a GraphQL answer, and where two answers differ for it.

Times, generated ids and the borders of parts do not count; the values, and the order in which
they arrive at each path, do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

Path: TypeAlias = tuple[str | int, ...]
Json: TypeAlias = Any
Payload: TypeAlias = dict[str, Json]

GENERATED = re.compile(r"(?:ck-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""How the recorded runtime makes an id; any other id is fixed by a script and must be equal."""

PART = re.compile(rb"\r\nContent-Type: ([^\r]+)\r\nContent-Length: (\d+)\r\n\r\n")

EVERYWHERE: Mapping[str, str] = {
    "*.stack": "a stack trace stays in the server's log",
    "*.runtimeCode": "our own code of an error stands beside the reference's",
}
"""Differences that count nowhere: the place, as a glob of a dotted path, and the reason."""


class Malformed(Exception):
    """An answer that no client of this protocol can read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer as it came over the wire; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Outcome:
    """What is left when every part has been merged.

    `order` tells for each path what arrived there, in order: the positions of streamed items, the
    names of deferred fields. `complete` is False if the answer broke off.
    """

    result: Payload = field(default_factory=dict)
    order: dict[Path, list[Json]] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two answers differ."""

    place: str
    expected: object
    actual: object

    def __str__(self) -> str:
        return f"{self.place}: expected {self.expected!r}, got {self.actual!r}"


def outcome(answer: Answer) -> Outcome:
    """Decode and merge an answer; raises Malformed if its framing or a patch's path is wrong."""
    kind = answer.headers.get("content-type", "")
    if kind.startswith("multipart/mixed"):
        return merge(_multipart(answer.body))
    if kind.startswith("text/event-stream"):
        return merge(_event_stream(answer.body.decode()))
    return Outcome(json.loads(answer.body) if "json" in kind else {}, complete=True)


def merge(parts: Iterable[Payload]) -> Outcome:
    """What the parts of one answer amount to, by the rules of the client's transport."""
    merged = Outcome()
    for part in parts:
        if merged.complete:
            raise Malformed("a part after the last one")
        if "data" in part:
            merged.result = {"data": part["data"], "errors": list(part.get("errors", ()))}
        for patch in part.get("incremental", ()):
            _apply(patch, merged)
        merged.complete = part["hasNext"] is False
    return merged


def differences(expected: Outcome, actual: Outcome) -> list[Difference]:
    """Every place where the outcomes differ, but for `EVERYWHERE`; none if they are alike."""
    found = [*_Walk().compare("", expected.result, actual.result)]
    found += [
        Difference(f"order of {_dotted(path)}", before, after)
        for path in expected.order.keys() | actual.order.keys()
        if (before := expected.order.get(path)) != (after := actual.order.get(path))
    ]
    if expected.complete != actual.complete:
        found.append(Difference("complete", expected.complete, actual.complete))
    return without(found, EVERYWHERE)


def without(found: Sequence[Difference], allowed: Mapping[str, str]) -> list[Difference]:
    """The differences at places that no glob of `allowed` names."""
    return [it for it in found if not any(fnmatchcase(it.place, glob) for glob in allowed)]


# Framing


def _multipart(body: bytes) -> Iterator[Payload]:
    """The parts of `multipart/mixed; boundary="-"`; the delimiter must follow each part at once."""
    at = _expect(body, 0, b"\r\n---")
    while at < len(body) and not body.startswith(b"--\r\n", at):
        head = PART.match(body, at)
        if head is None:
            raise Malformed(f"no part at byte {at}: {body[at : at + 80]!r}")
        end = head.end() + int(head[2])
        yield json.loads(body[head.end() : end])
        at = _expect(body, end, b"\r\n---")


def _expect(body: bytes, at: int, words: bytes) -> int:
    if not body.startswith(words, at):
        raise Malformed(f"byte {at} starts with {body[at : at + 20]!r} and not with {words!r}")
    return at + len(words)


def _event_stream(text: str) -> Iterator[Payload]:
    for block in text.split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        fields = dict(line.split(":", 1) for line in lines)
        if fields.get("event", "").strip() == "next":
            yield json.loads(fields["data"])


# Merging


def _apply(patch: Payload, merged: Outcome) -> None:
    path: Path = tuple(patch["path"])
    merged.result["errors"] += patch.get("errors", ())
    if "items" in patch:
        _apply_items(patch["items"] or (), path, merged)
    elif patch.get("data") is not None:
        _grow(_at(merged.result["data"], path), patch["data"])
        merged.order.setdefault(path, []).append(tuple(sorted(patch["data"])))


def _apply_items(items: Sequence[Json], path: Path, merged: Outcome) -> None:
    *parent, start = path
    target = _at(merged.result["data"], tuple(parent))
    for index, item in enumerate(items, int(start)):
        merged.order.setdefault(tuple(parent), []).append(index)
        # A client grows the list to any index; what it skipped stays undefined.
        target.extend([None] * (index + 1 - len(target)))
        target[index] = item


def _at(result: Json, path: Path) -> Json:
    for key in path:
        try:
            result = result[key]
        except (KeyError, IndexError, TypeError):
            raise Malformed(f"a patch for {_dotted(path)}, which is not there yet") from None
    return result


def _grow(target: Payload, source: Payload) -> None:
    for key, value in source.items():
        if isinstance(value, dict) and isinstance(target.get(key), dict):
            _grow(target[key], value)
        else:
            target[key] = value


# Comparing


@dataclass(slots=True)
class _Walk:
    """One comparison; remembers which generated id stands for which, both ways."""

    stands_for: dict[str, str] = field(default_factory=dict)
    taken_by: dict[str, str] = field(default_factory=dict)

    def compare(self, place: str, expected: object, actual: object) -> Iterator[Difference]:
        if isinstance(expected, dict) and isinstance(actual, dict):
            yield from self._objects(place, expected, actual)
        elif isinstance(expected, list) and isinstance(actual, list):
            yield from self._lists(place, expected, actual)
        elif isinstance(expected, str) and isinstance(actual, str):
            yield from self._strings(place, expected, actual)
        elif type(expected) is not type(actual) or expected != actual:
            yield Difference(place, expected, actual)

    def _objects(self, place: str, expected: Payload, actual: Payload) -> Iterator[Difference]:
        for key in [*expected, *(key for key in actual if key not in expected)]:
            inner = f"{place}.{key}"
            if key not in expected or key not in actual:
                yield Difference(inner, expected.get(key, ABSENT), actual.get(key, ABSENT))
            elif key == "createdAt":
                yield from _times(inner, expected[key], actual[key])
            else:
                yield from self.compare(inner, expected[key], actual[key])

    def _lists(self, place: str, expected: list[Json], actual: list[Json]) -> Iterator[Difference]:
        for index in range(max(len(expected), len(actual))):
            inner = f"{place}.{index}"
            before = expected[index] if index < len(expected) else ABSENT
            after = actual[index] if index < len(actual) else ABSENT
            yield from self.compare(inner, before, after)

    def _strings(self, place: str, expected: str, actual: str) -> Iterator[Difference]:
        inner = _json_in(expected), _json_in(actual)
        if all(isinstance(value, dict | list) for value in inner):
            yield from self.compare(f"{place}.(JSON)", *inner)
        elif not self._alike(expected, actual):
            yield Difference(place, expected, actual)

    def _alike(self, expected: str, actual: str) -> bool:
        """Equal but for generated ids, each of which must stand for the same one throughout."""
        fixed = map(re.escape, GENERATED.split(expected))
        match = re.fullmatch(r"([\w-]+)".join(fixed), actual)
        if match is None:
            return False
        pairs = list(zip(GENERATED.findall(expected), match.groups(), strict=True))
        return all(self._paired(*pair) for pair in pairs)

    def _paired(self, expected: str, actual: str) -> bool:
        return (
            self.stands_for.setdefault(expected, actual) == actual
            and self.taken_by.setdefault(actual, expected) == expected
        )


class _Absent:
    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()


def _times(place: str, expected: object, actual: object) -> Iterator[Difference]:
    """A time is not compared, but must be one: `2026-01-31T12:00:00.000Z`."""
    try:
        datetime.strptime(str(actual), "%Y-%m-%dT%H:%M:%S.%fZ")
    except ValueError:
        yield Difference(place, expected, actual)


def _json_in(text: str) -> object:
    if not text.startswith(("{", "[")):
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))
