"""JSON text, read and written: as orjson does, and what it refuses besides.

Integers of any length stay exact, half a character (a lone surrogate) becomes U+FFFD as browsers
write it, NaN and infinities become null as in `JSON.stringify`. What orjson takes costs no more
than orjson.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Set
from enum import Enum
from typing import Any, TypeAlias, TypeVar

import orjson
from pydantic import BaseModel, TypeAdapter

Json: TypeAlias = Any
"""Any JSON value. Its readers know from a protocol what it holds, a type checker does not."""

JsonObject: TypeAlias = dict[str, Json]
"""A JSON object."""

Text: TypeAlias = bytes | bytearray | memoryview | str
T = TypeVar("T")

DEEPEST = 200
"""So many levels of lists and objects an event may have. orjson writes 254, and what carries an
event (an answer, an archive, a list of messages) has levels of its own.
"""

_WRITABLE = 254
"""So many levels orjson writes."""

LONG_NUMBER = 19
"""No integer of fewer digits can be beyond 64 bits, of which orjson would silently make a float."""

_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)


class Unencodable(TypeError):
    """A value that JSON has no form for; `where` is its place, `problem` what is wrong with it."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where or 'the value'} {problem}")
        self.where = where
        self.problem = problem


def loads(text: Text, long_numbers: bool | None = None) -> Json:
    """The value of a JSON text, without halves of characters; raises orjson.JSONDecodeError.

    `long_numbers`: whether there are such outside of its strings, for whoever knows.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raw = _bytes(text)
        if not _is_odd(raw):
            raise
        return _without_halves(raw)
    if long_numbers is None:
        long_numbers = has_long_number(text)
    return _patiently(text) if long_numbers else value


def loads_fragment(text: Text) -> Json:
    """The same for a part of a stream: half a character stays, as its other half may follow."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        if not _is_odd(_bytes(text)):
            raise
        return _patiently(text)
    return _patiently(text) if has_long_number(text) else value


def has_long_number(text: Text) -> bool:
    """Whether there are so many digits in it, one after the other, that they may be one."""
    raw = text if type(text) is bytes else _bytes(text)
    return b"0" * LONG_NUMBER in raw.translate(_ZEROS)


def without_halves(text: bytes) -> bytes:
    """A JSON text, or a part of one, with its escaped halves of characters replaced."""
    return _LONE.sub(rb"\\ufffd", text)


def respelt(text: str) -> str:
    """The JSON text as every other reader takes it, too; as it is, if it is none or well."""
    if not _is_odd(_bytes(text)):
        return text
    try:
        return dumps(loads(text)).decode()
    except orjson.JSONDecodeError:
        return text


def dumps(value: object, option: int | None = None) -> bytes:
    """The JSON text of a value, with orjson's options; raises Unencodable."""
    try:
        return orjson.dumps(value, option=option)
    except orjson.JSONEncodeError:
        spelt = plain(value, deepest=_WRITABLE)
    indent = 2 if option and option & orjson.OPT_INDENT_2 else None
    text = json.dumps(
        spelt,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=(",", ": " if indent else ":"),
        sort_keys=bool(option and option & orjson.OPT_SORT_KEYS),
    )
    return text.encode() + (b"\n" if option and option & orjson.OPT_APPEND_NEWLINE else b"")


def copied(value: Json) -> Json:
    """A deep copy of a JSON value; raises Unencodable."""
    try:
        return orjson.loads(orjson.dumps(value))  # a tenth of the time of `copy.deepcopy`
    except orjson.JSONEncodeError:
        return plain(value, deepest=_WRITABLE)


def mended(value: T) -> T:
    """The value itself where every reader can have it, else a copy with its faults mended.

    Raises Unencodable, also for what is nested deeper than DEEPEST.
    """
    copy: T = value
    if not fits(value):
        copy = plain(value)
    return copy


def fits(value: object) -> bool:
    """Whether orjson writes it as it is, and nothing that carries it becomes too deep for that."""
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return text.count(b"[") + text.count(b"{") <= DEEPEST or not is_deep(value)


def with_texts(value: Json, change: Callable[[str], str], unchanged: Collection[str] = ()) -> Json:
    """The value with its texts changed, but for keys and what stands under the `unchanged` ones."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [with_texts(each, change, unchanged) for each in value]
    if isinstance(value, dict):
        return {
            key: each if key in unchanged else with_texts(each, change, unchanged)
            for key, each in value.items()
        }
    return value


def is_deep(value: object, deepest: int = DEEPEST) -> bool:
    """Whether it is nested deeper than so many levels; also of what orjson refuses."""
    wrapped = value
    for _ in range(_WRITABLE - deepest):
        wrapped = [wrapped]
    try:
        orjson.dumps(wrapped)
    except orjson.JSONEncodeError:
        return _levels_exceed(value, deepest)
    return False


def whole(text: str) -> str:
    """The text with its halves of characters joined where both are there, else replaced."""
    if is_whole(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def is_whole(text: str) -> bool:
    """Whether there is no half of a character in it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def plain(value: object, where: str = "", deepest: int = DEEPEST) -> Json:
    """A copy made of nothing but JSON's own types; raises Unencodable."""
    scalar = _SCALARS.get(type(value))
    if scalar is not None:
        return scalar(value, where)
    if deepest <= 0:
        raise Unencodable(_first(where), f"is nested deeper than {DEEPEST} levels; make it flatter")
    if isinstance(value, Mapping):
        return _object(value, where, deepest - 1)
    if isinstance(value, list | tuple | Set):
        return _array(value, where, deepest - 1)
    return plain(_spelt(value, where), where, deepest - 1)


def _array(value: Iterable[Any], where: str, deepest: int) -> list[Any]:
    made = []
    for number, item in enumerate(value):
        made.append(plain(item, f"{where}.{number}", deepest))  # fewer frames
    return made


def _object(value: Mapping[Any, Any], where: str, deepest: int) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for given, item in value.items():
        key = whole(given) if type(given) is str else _key(given, where)
        while key in made:  # two that differ in what was replaced
            key += "\ufffd"
        made[key] = plain(item, f"{where}.{key}" if where else key, deepest)
    return made


def _key(given: object, where: str) -> str:
    try:
        return whole(*_ANYTHING.dump_python({given: None}, mode="json"))
    except (ValueError, TypeError) as error:
        problem = f"has a key that is a {type(given).__name__}; keys of JSON are texts"
        raise Unencodable(where, problem) from error


def _integer(value: int, where: str) -> int:
    try:
        if value.bit_length() > 64:
            str(value)
    except ValueError as error:
        raise Unencodable(where, "is an integer of too many digits; write it as a text") from error
    return value


def _spelt(value: object, where: str) -> object:
    """What is none of JSON's types, in the form that pydantic gives it."""
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True, warnings=False)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Enum):
        return value.value
    for base, simple in _SIMPLE.items():
        if isinstance(value, base):
            return simple(value)
    try:
        return _ANYTHING.dump_python(value, mode="json")
    except (ValueError, TypeError, RecursionError) as error:
        problem = f"is a {type(value).__name__}, for which JSON has no form; give a JSON value"
        raise Unencodable(where, problem) from error


def _first(where: str) -> str:
    """The upper part of a long path."""
    return ".".join(where.split(".")[:4])


def _levels_exceed(value: object, deepest: int) -> bool:
    level = _containers([value])
    for _ in range(deepest):
        level = [inner for each in level for inner in _containers(_inside(each))]
    return bool(level)


def _containers(values: Iterable[object]) -> list[Iterable[object]]:
    return [each for each in values if isinstance(each, Mapping | list | tuple | Set)]


def _inside(container: Iterable[object]) -> Iterable[object]:
    return container.values() if isinstance(container, Mapping) else container


def _bytes(text: Text) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else bytes(text)


def _is_odd(text: bytes) -> bool:
    return b"\\ud" in text.lower() or b"\xed" in text or has_long_number(text)


def _without_halves(text: bytes) -> Json:
    """In C as far as it goes: a large body must not hold everybody up for one broken emoji."""
    replaced = without_halves(text)
    try:
        if replaced != text and not has_long_number(replaced):
            return orjson.loads(replaced)
    except orjson.JSONDecodeError:
        pass  # a half behind an escaped backslash, or in raw bytes
    value = _patiently(text)
    try:
        return plain(value, deepest=_WRITABLE)
    except Unencodable as error:
        raise orjson.JSONDecodeError(str(error), "", 0) from None


def _patiently(text: Text) -> Json:
    try:
        decoded = text if isinstance(text, str) else bytes(text).decode("utf-8", "surrogatepass")
        return json.loads(
            decoded, parse_constant=_refused, parse_float=_finite, parse_int=_integer_in
        )
    except json.JSONDecodeError as error:
        raise orjson.JSONDecodeError(error.msg, error.doc, error.pos) from None
    except (ValueError, RecursionError) as error:
        raise orjson.JSONDecodeError(str(error), "", 0) from None


def _refused(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _integer_in(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"a number of {len(text)} digits is too long") from None


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refused(text[:20])


_LONE = re.compile(
    rb"(?<!\\)(?:\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
)
"""An escaped half without its other half."""

_SCALARS: Mapping[type, Callable[[Any, str], object]] = {
    str: lambda value, _: whole(value),
    type(None): lambda value, _: value,
    bool: lambda value, _: value,
    int: _integer,
    float: lambda value, _: value if math.isfinite(value) else None,
}

_SIMPLE: Mapping[type, Callable[[Any], object]] = {
    str: str.__str__,
    int: int.__index__,
    float: float.__float__,
}
"""How what derives from one of JSON's types becomes that type, whatever it makes of itself."""

_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
