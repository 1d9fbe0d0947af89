"""The values that blocks are made of: scalars, numbers, dates, colours, keys. Pure.

What models write where they mean a number is read as one; what it could be mistaken for is refused
in words that they understand.
"""

from __future__ import annotations

import re
from datetime import datetime
from math import isfinite
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

LONGEST_CELL = 2_000
"""So many characters a text in the data may have."""

SHORTEST_MILLISECONDS = 10**11
"""Below it a number is taken for seconds: as milliseconds it would be before March 1973."""

_BEYOND = 10**14
_EXACT = 15
"""So many digits a number has at most that comes through a browser as it was."""

_CANONICAL = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d*[1-9])?")
_ISO = re.compile(
    r"(\d{4}-\d{2})(-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?)?"
)
_COLOUR = re.compile(
    r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})|[a-zA-Z]{3,24}|chart-(?:[1-9]|1[0-2])"
    r"|(?:rgb|hsl)a?\([0-9., %/]{1,40}\)"
)
"""Nothing that could be an address or any other CSS."""


def number(value: object) -> int | float | None:
    """The number that is meant, None for a gap; raises ValueError."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{_shortened(value)} is no number")
    try:
        read = float(value)
    except (ValueError, OverflowError):
        raise ValueError(f"{_shortened(value)} is no number") from None
    if not isfinite(read):
        raise ValueError(f"{_shortened(value)} is not finite")
    if not isinstance(value, str):
        return value
    return int(read) if read.is_integer() and abs(read) < 10**_EXACT else read


def cell(value: object) -> object:
    """A scalar; a number that was written as a text is one where both are written alike."""
    if isinstance(value, str):
        if len(value) > LONGEST_CELL:
            raise ValueError(f"a text of {len(value)} characters; {LONGEST_CELL} are allowed")
        return number(value) if len(value) <= _EXACT and _CANONICAL.fullmatch(value) else value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return number(value)
    raise ValueError("write a text, a number, true, false or null, and no list or object")


def date(value: object) -> int | float | str:
    """An ISO date, or milliseconds since 1970; raises ValueError with what it may be instead."""
    if isinstance(value, str) and (found := _ISO.fullmatch(value.strip())):
        try:
            datetime.fromisoformat(f"{found[1]}{found[2] or '-01'}")
        except ValueError as error:
            raise ValueError(f"{value!r} is no date: {error}") from None
        return value.strip()
    try:
        moment = number(value)
    except ValueError:
        moment = None
    if moment is None:
        raise ValueError(f"{_shortened(value)} is no date; write one as 2026-01-31, or with a time")
    if abs(moment) < SHORTEST_MILLISECONDS:
        instead = f"write milliseconds since 1970 ({round(moment * 1000)}), or an ISO date"
        raise ValueError(f"{moment} looks like seconds; {instead}")
    if abs(moment) >= _BEYOND:
        raise ValueError(f"{moment} is beyond milliseconds; write an ISO date")
    return moment


def colour(value: str) -> str:
    """A colour that means the same anywhere; raises ValueError."""
    if not _COLOUR.fullmatch(value):
        raise ValueError(f"{_shortened(value)} is no colour; write one as #2563eb")
    return value


def key(value: str) -> str:
    """The name of a column; raises ValueError for one that scripts take for something else."""
    if value in {"__proto__", "constructor", "prototype"}:
        raise ValueError(f"{value!r} cannot be the name of a column")
    return value


def _shortened(value: object) -> str:
    text = repr(value) if isinstance(value, str | int | float) else f"a {type(value).__name__}"
    return text if len(text) <= 40 else f"{text[:40]}…"


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean", "null"]}

Cell: TypeAlias = Annotated[
    str | int | float | bool | None, BeforeValidator(cell), WithJsonSchema(_SCALAR_SCHEMA)
]
Date: TypeAlias = Annotated[
    int | float | str,
    BeforeValidator(date),
    WithJsonSchema({"type": "string", "description": "An ISO date, with or without a time."}),
]
Key: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Label: TypeAlias = Annotated[str, StringConstraints(max_length=200)]
Prose: TypeAlias = Annotated[str, StringConstraints(max_length=LONGEST_CELL)]
Colour: TypeAlias = Annotated[
    str, AfterValidator(colour), Field(description="A colour such as #2563eb; no CSS.")
]
