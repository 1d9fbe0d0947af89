"""From a message to the frame that it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import ValidationError

from agui_runtime.core.errors import AguiError, InvalidInput, first_fault
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.websocket.client_frames import (
    KINDS,
    LONGEST_REQUEST_ID,
    PLAIN,
    Frame,
)
from agui_runtime.wires.websocket.errors import Subject, UnknownFrame

TYPES = (*PLAIN, *KINDS)


class FrameRefused(Exception):
    """A message that is no frame; `cause` says why, `about` which it would have been."""

    def __init__(self, cause: AguiError, about: Subject) -> None:
        super().__init__(cause.message)
        self.cause = cause
        self.about = about


def frame_in(message: Json) -> Frame:
    """Raises FrameRefused."""
    about = subject_of(message)
    try:
        return _frame(message)
    except AguiError as error:
        raise FrameRefused(error, about) from None


def subject_of(message: Json) -> Subject:
    """Whose frame a JSON value is, as far as it says so."""
    if not isinstance(message, dict):
        return Subject()
    return Subject(_short(message.get("request_id")), _short(message.get("type")))


def subject_in(text: str) -> Subject:
    """The same for a text that nobody parses, by what it begins with."""
    found = {name: match[1] for name, match in _found(text[:_LOOKED_AT]).items() if match}
    return Subject(found.get("request_id"), found.get("type"))


def _frame(message: Json) -> Frame:
    if not isinstance(message, dict):
        raise InvalidInput("a frame is a JSON object with a `type`")
    try:
        return _model(message).model_validate(message)
    except ValidationError as error:
        raise InvalidInput(first_fault(error)) from None


def _model(message: JsonObject) -> type[Frame]:
    """The form that the frame is to have; raises UnknownFrame."""
    name, kind = message.get("type"), message.get("kind")
    if not isinstance(name, str) or name not in TYPES:
        raise UnknownFrame("type", TYPES)
    if name in PLAIN:
        return PLAIN[name]
    kinds = KINDS[name]
    if not isinstance(kind, str) or kind not in kinds:
        raise UnknownFrame("kind", kinds)
    return kinds[kind]


def _short(value: object) -> str | None:
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_REQUEST_ID
    return str(value) if fits else None


def _found(text: str) -> Mapping[str, re.Match[str] | None]:
    return {name: re.search(_FIELD % name, text) for name in ("request_id", "type")}


_FIELD = r'"%s"\s*:\s*"([^"\\]{1,128})"'

_LOOKED_AT = 2000
"""So many characters of a text that is no JSON, or too long, are searched."""
