"""What JSON text says, and which values can be said in it."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum

import orjson
import pytest
from hypothesis import given, strategies as some
from pydantic import BaseModel

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import DEEPEST, Unencodable

HIGH, LOW = "\ud83d", "\ude00"

texts = some.text(some.characters(), max_size=8)
"""Among them halves of characters."""

values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | texts,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Name(str):
    def __str__(self) -> str:
        return "not the text"


class City(BaseModel):
    name: str
    size: int


@dataclass
class Place:
    city: City
    at: datetime


class Opaque:
    """JSON has no form for it."""


def nested(levels: int, value: object = 0) -> object:
    for _ in range(levels):
        value = [value]
    return value


@given(values)
def test_what_is_written_is_valid_and_is_read_back(value: object) -> None:
    text = jsontext.dumps(value)
    assert jsontext.loads(text) == json.loads(text)
    assert jsontext.dumps(jsontext.loads(text)) == text


@given(values)
def test_what_is_mended_is_what_readers_read(value: object) -> None:
    mended = jsontext.mended(value)
    assert jsontext.loads(jsontext.dumps(mended)) == jsontext.loads(jsontext.dumps(value))
    assert jsontext.copied(mended) == jsontext.loads(jsontext.dumps(mended))


@given(some.recursive(texts, lambda inner: some.lists(inner) | some.dictionaries(texts, inner)))
def test_what_orjson_takes_is_read_and_written_as_by_orjson(value: object) -> None:
    text = json.dumps(value)
    try:
        expected = orjson.loads(text)
    except orjson.JSONDecodeError:
        jsontext.loads(text)
        return
    assert jsontext.loads(text) == expected
    assert jsontext.dumps(expected) == orjson.dumps(expected)
    assert jsontext.mended(expected) is expected


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**19, 10**400, 2**63, -(2**63)])
def test_integers_of_any_length_stay_exact(number: int) -> None:
    text = b'{"wei":[%b]}' % str(number).encode()
    assert jsontext.loads(text) == {"wei": [number]}
    assert jsontext.dumps({"wei": [number]}) == text
    assert jsontext.copied({"wei": [number]}) == {"wei": [number]}


def test_an_integer_that_python_does_not_read_is_refused_without_its_advice() -> None:
    with pytest.raises(orjson.JSONDecodeError, match=r"^a number of 5000 digits is too long"):
        jsontext.loads('{"wei":[%s]}' % ("9" * 5000))


def test_long_digits_that_are_no_integer_are_read_as_ever() -> None:
    text = b'{"id":"12345678901234567890123","x":0.12345678901234567890123}'
    assert jsontext.loads(text) == orjson.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (rb'"cut \ud83d"', "cut \ufffd"),
        (rb'"\ude00 cut"', "\ufffd cut"),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"\ud83d \ud83d\ude00"', "\ufffd \U0001f600"),
        (rb'"\\ud83d"', r"\ud83d"),
        (rb'{"\uD83D": ["\uDE00"]}', {"\ufffd": ["\ufffd"]}),
        (b'"\xed\xa0\xbd"', "\ufffd"),
        ('"\ud83d"', "\ufffd"),
    ],
)
def test_half_a_character_is_read_as_a_replacement(text: bytes | str, value: object) -> None:
    assert jsontext.loads(text) == value


def test_a_fragment_keeps_its_half_until_the_other_comes() -> None:
    halves = [jsontext.loads_fragment(rb'"\ud83d"'), jsontext.loads_fragment(rb'"\ude00"')]
    assert halves == [HIGH, LOW]
    assert jsontext.whole("".join(halves)) == "\U0001f600"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"[NaN]",
        b"[1e999]",
        b'"\xff"',
        rb'["\ud83d", NaN]',
        rb'["\ud83d", 1e999]',
        rb'["\ud83d",]',
        b'"\xed\xa0\xbd\xff"',
        b"1" * 5000,
        b"[" * 3000 + b'"\\ud83d"' + b"]" * 3000,
        b"[" * 300 + b'"\xed\xa0\xbd"' + b"]" * 300,
    ],
)
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        jsontext.loads(text)


@pytest.mark.parametrize(
    ("value", "json_value"),
    [
        (math.nan, None),
        ([math.inf, 2**64], [None, 2**64]),
        ({"a\ud83d": LOW}, {"a\ufffd": "\ufffd"}),
        ({HIGH: 1, "\ufffd": 2}, {"\ufffd": 1, "\ufffd\ufffd": 2}),
        ({1: {True: (2, 3)}}, {"1": {"true": [2, 3]}}),
        ({4}, [4]),
        (b"bytes", "bytes"),
        (Decimal("1.50"), "1.50"),
        ([Colour.RED, Level.HIGH, 2**64], ["red", 3, 2**64]),
        ([Name(HIGH)], ["\ufffd"]),
        (City(name=HIGH, size=2**70), {"name": "\ufffd", "size": 2**70}),
        (
            [Place(City(name="x", size=1), datetime(2026, 1, 1, tzinfo=UTC)), HIGH],
            [{"city": {"name": "x", "size": 1}, "at": "2026-01-01T00:00:00Z"}, "\ufffd"],
        ),
    ],
)
def test_a_value_is_written_in_the_form_that_json_has_for_it(
    value: object, json_value: object
) -> None:
    assert jsontext.loads(jsontext.dumps(value)) == json_value
    assert jsontext.loads(jsontext.dumps(jsontext.mended(value))) == json_value


def loop() -> object:
    value: dict[str, object] = {}
    value["again"] = value
    return value


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ({"a": [0, Opaque()]}, "a.1 is a Opaque"),
        ({"a": {Opaque(): 1}}, "a has a key that is a Opaque"),
        ({"a": b"\xff"}, "a is a bytes"),
        ({"a": 10**5000}, "a is an integer of too many digits"),
        (loop(), "again.again.again.again is nested deeper than 200 levels"),
        (nested(DEEPEST + 1), "nested deeper"),
        (nested(DEEPEST + 1, HIGH), "nested deeper"),
        (nested(3000), "nested deeper"),
        ({"a": [[] for _ in range(500)], "b": nested(DEEPEST)}, "b.0.0.0 is nested deeper"),
    ],
)
def test_a_value_without_a_form_is_refused_with_its_place(value: object, names: str) -> None:
    with pytest.raises(Unencodable, match=names):
        jsontext.mended(value)


def test_the_deepest_value_that_is_mended_can_be_carried_by_an_answer() -> None:
    for value in (nested(DEEPEST), nested(DEEPEST, HIGH), nested(DEEPEST, 2**64)):
        assert jsontext.loads(jsontext.dumps(nested(20, jsontext.mended(value))))
        assert not jsontext.is_deep(value)
        assert jsontext.is_deep([value])


def test_what_orjson_refuses_is_written_with_the_same_options() -> None:
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    value = {"b": [1], "a": {"c": "ä"}}
    assert jsontext.dumps(value | {"a": {"c": "ä\ud83d"}}, options).replace(
        "\ufffd".encode(), b""
    ) == orjson.dumps(value, option=options)
