"""What a model wrote as a block, read and validated: a block, or the fault in words that it can
mend. Pure, but for what a kind of a user's own does.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from pydantic import BaseModel, ValidationError

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wrappers.blocks import kinds

logger = logger_of(__name__)

LARGEST = 256 * 1024
"""So many characters a block may have."""

_MOST_FAULTS = 5


class Refused(Exception):
    """A block that is not shown; `reason` is for the model and for whoever reads the log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


BROKEN_OFF = "it broke off before it was complete"

TOO_LARGE = f"it has more than {LARGEST // 1024} KB; show less, or show it in parts"


def object_in(text: str) -> JsonObject:
    """The JSON object in a text; raises Refused with the place where it is none."""
    if len(text) > LARGEST:
        raise Refused(TOO_LARGE)
    try:
        value = jsontext.loads(text)
    except orjson.JSONDecodeError as error:
        raise Refused(f"it is no JSON: {_place(error)}") from None
    if not isinstance(value, dict):
        raise Refused("it is no JSON object")
    return value


def block_in(model: type[BaseModel], value: Mapping[str, Json]) -> BaseModel:
    """The block; raises Refused with all that is wrong with it, by its places."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise Refused(_faults(error)) from None
    except RecursionError:
        raise Refused("it is nested too deep") from None
    except Exception as error:  # user code: a kind of the application's
        logger.exception("the kind %s failed to validate a block", model.__name__)
        raise Refused(f"{model.__name__} could not check it") from error


def content_of(block: BaseModel) -> JsonObject:
    """What pages are given of it; raises Refused for what no event can hold."""
    try:
        return jsontext.mended(kinds.content_of(block))
    except jsontext.Unencodable as error:
        raise Refused(str(error)) from None


def _place(error: orjson.JSONDecodeError) -> str:
    message, _, _ = str(error).partition(": line")
    return f"{message} at line {error.lineno} column {error.colno} (character {error.pos})"


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False, include_input=False)
    lines = [_fault(each["loc"], each["msg"]) for each in found[:_MOST_FAULTS]]
    if len(found) > _MOST_FAULTS:
        lines.append(f"and {len(found) - _MOST_FAULTS} more")
    return "; ".join(lines)


def _fault(place: tuple[int | str, ...], message: str) -> str:
    where = ".".join(str(each) for each in place if each != "[key]")[:120]
    what = message.removeprefix("Value error, ")
    return f"{where}: {what}" if where else what
