"""Lines of JSON, as exports write them and imports read them. No I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import orjson
from pydantic import ValidationError

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput, first_fault
from agui_runtime.core.jsontext import Json

T = TypeVar("T")


def as_line(value: object) -> bytes:
    """The value as a line, newline included."""
    return jsontext.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def read_line(text: bytes, validated: Callable[[Json], T]) -> T:
    """What pydantic makes of the line; raises InvalidInput, which says what is wrong with it."""
    try:
        return validated(jsontext.loads(text))
    except orjson.JSONDecodeError as error:
        raise InvalidInput(f"the line is not JSON: {error}") from None
    except ValidationError as error:
        raise InvalidInput(first_fault(error, "the line")) from None
