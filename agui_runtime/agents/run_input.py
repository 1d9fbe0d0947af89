"""A run's input as models, made of its JSON, and as JSON again: long lists part by part. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ag_ui.core import Context, Message, RunAgentInput, Tool
from pydantic import TypeAdapter, ValidationError

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import request_messages
from agui_runtime.off_loop import slices

Fault: TypeAlias = Mapping[str, Json]
"""`{"code", "path", "message"}`, of one value that is not as it should be."""

_LISTS: Mapping[str, TypeAdapter[list[Json]]] = {
    "messages": TypeAdapter(list[Message]),
    "tools": TypeAdapter(list[Tool]),
    "context": TypeAdapter(list[Context]),
}
"""What there may be much of."""


class MalformedInput(InvalidInput):
    """No RunAgentInput; the message names the first of the `faults`."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        where = ".".join(str(part) for part in first["path"])
        super().__init__(f"{where}: {first['message']}" if where else first["message"])
        self.faults = faults


def typed(given: Mapping[str, Json], *, is_short: bool = False) -> RunAgentInput:
    """The input; raises MalformedInput, with all faults, or with the first few of long lists, of
    which there are none where it `is_short`.
    """
    long = {} if is_short else _long_lists(given)
    try:
        parsed = RunAgentInput.model_validate({**given, **dict.fromkeys(long, ())})
    except ValidationError as error:
        raise MalformedInput(_faults(error)) from None
    made = {key: _in_parts(key, pieces) for key, pieces in long.items()}
    return parsed.model_copy(update=made) if made else parsed


def _long_lists(given: Mapping[str, Json]) -> Mapping[str, Sequence[Sequence[Json]]]:
    """Piece by piece."""
    lists = [key for key in _LISTS if isinstance(given.get(key), list) and len(given[key]) > 1]
    cut = {key: list(slices(given[key])) for key in lists}
    return {key: pieces for key, pieces in cut.items() if len(pieces) > 1}


def dumped(request: RunAgentInput) -> JsonObject:
    """The input as JSON again, with AG-UI's own keys."""
    rest = request.model_copy(update={"messages": []}).model_dump(mode="json", by_alias=True)
    return rest | {"messages": request_messages(request)}


def _in_parts(key: str, pieces: Sequence[Sequence[object]]) -> list[Json]:
    made: list[Json] = []
    for part in pieces:
        try:
            made += _LISTS[key].validate_python(part)
        except ValidationError as error:
            raise MalformedInput(_faults(error, key, len(made))) from None
    return made


def _faults(error: ValidationError, key: str = "", start: int = 0) -> list[Fault]:
    """What is wrong; with a `key`, of a part of this list that begins at `start`."""
    return [
        {"code": each["type"], "path": _path(each["loc"], key, start), "message": each["msg"]}
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def _path(place: Sequence[int | str], key: str, start: int) -> Sequence[int | str]:
    if not key:
        return place
    index, *rest = place
    return (key, start + int(index), *rest)
