"""Damages JSON: values of other types, keys that come twice, what is too deep, too long, or no JSON
at all. Sends nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

Json: TypeAlias = Any
"""What `json` reads and writes, with a `Token` anywhere in it."""


@dataclass(frozen=True, slots=True)
class Token:
    """Bytes that stand in the text as they are, valid JSON or not."""

    text: bytes


def _deep(levels: int, opening: bytes = b"[", closing: bytes = b"]") -> Token:
    return Token(opening * levels + closing * levels)


SMALL: Sequence[Json] = (
    *(None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63) - 1),
    *("", " ", "x", "0", "null", "\x00", "a\x00b", "\ud800", "\udc00a", "é" * 60, "\u2028", "‮"),
    *("../..", "t/1", "t 1", "*", "{}", "[]", "{half", '{"a":1}', "default", "nobody", "NaN"),
    *("2026-01-01T00:00:00Z", "99999-99-99T99:99:99Z", "1e999", "٣", "²", "0.0", "-1", "inf/x"),
    *({}, [], [None], [[]], [{}], {"a": {"b": None}}, {"__proto__": 1}, {"": ""}, {"\ud800": 1}),
    *({"type": "text"}, {"type": "binary", "mimeType": 7}, [{"type": "text", "text": 5}]),
)
TOKENS: Sequence[Token] = (
    *map(
        Token, (b"NaN", b"-Infinity", b"1e999", b"-1e999", b"1e-999", b"01", b"+1", b".5", b"'x'")
    ),
    *map(Token, (b"9" * 400, b"-" + b"9" * 5000, b"1." + b"0" * 5000, b"9" * 17 + b".5")),
    *map(Token, (b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\\ud83d"', b'"\\udc00\\ud800"', b'"\\x"')),
    *map(Token, (b'"\n"', b'"' + b"y" * 70_000 + b'"', b"undefined", b"", b'{"a":1,"a":2}')),
    *(_deep(levels) for levels in (60, 120, 253, 254, 255, 1020, 1025, 20_000)),
    Token(b'{"a":' * 253 + b"1" + b"}" * 253),
    Token(b'{"a":[' * 600 + b"1" + b"]}" * 600),
    Token(b'"' + b"[" * 300 + b"]" * 300 + b'"'),  # JSON within a text
    Token(b'"' + b"[" * 2000 + b'"'),
)


def written(value: Json) -> bytes:
    """The value as JSON, its tokens as they are; lone surrogates are escaped."""
    if isinstance(value, Token):
        return value.text
    if isinstance(value, dict):
        pairs = (json.dumps(key).encode() + b":" + written(it) for key, it in value.items())
        return b"{" + b",".join(pairs) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(written, value)) + b"]"
    return json.dumps(value).encode()


def junk(random: Random) -> Json:
    """Any value but the right one."""
    return random.choice(SMALL if random.random() < 0.6 else TOKENS)


def mutated(random: Random, value: Json) -> Json:
    """The value with one thing wrong, somewhere in it."""
    places = list(_places(value))
    way = random.choice(places)
    return _changed(value, way, lambda old: random.choice(_WAYS)(random, old))


def _places(value: Json, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield way
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*way, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _places(inner, (*way, index))


def _changed(value: Json, way: tuple[str | int, ...], change: Callable[[Json], Json]) -> Json:
    if not way:
        return change(value)
    first, *rest = way
    if isinstance(value, dict):
        return {
            key: _changed(inner, tuple(rest), change) if key == first else inner
            for key, inner in value.items()
        }
    assert isinstance(value, list)
    return [
        _changed(inner, tuple(rest), change) if index == first else inner
        for index, inner in enumerate(value)
    ]


def _replaced(random: Random, value: Json) -> Json:
    return junk(random)


def _wrapped(random: Random, value: Json) -> Json:
    return random.choice([[value], {"value": value}, [value, value]])


def _as_text(random: Random, value: Json) -> Json:
    return written(value).decode("latin-1")


def _without(random: Random, value: Json) -> Json:
    if isinstance(value, dict) and value:
        gone = random.choice(list(value))
        return {key: inner for key, inner in value.items() if key != gone}
    if isinstance(value, list) and value:
        return value[1:]
    return None


def _more(random: Random, value: Json) -> Json:
    if isinstance(value, dict):
        named = random.choice([*value, "x", "", "type", "id", "__class__", "\ud800", "k" * 3000])
        return {**value, named: junk(random)}
    if isinstance(value, list):
        return [*value, *([junk(random)] if random.random() < 0.5 else value * 50)]
    return [value, junk(random)]


def _twice(random: Random, value: Json) -> Json:
    """A key that comes twice, the first time with something else."""
    if isinstance(value, dict) and value:
        key = json.dumps(random.choice(list(value))).encode()
        return Token(b"{" + key + b":" + written(junk(random)) + b"," + written(value)[1:])
    return _replaced(random, value)


_WAYS = (_replaced, _replaced, _replaced, _wrapped, _as_text, _without, _without, _more, _twice)
