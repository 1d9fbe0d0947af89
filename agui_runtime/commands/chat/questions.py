"""How an interrupt is put to whoever sits at a terminal: in one line, or field by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from agui_runtime.commands.chat.answers import CANCEL, Schema, fields, hint, payload, required
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject

Read: TypeAlias = Callable[[str], str]
"""Shows a prompt and returns a line; raises EOFError where there is none."""

Note: TypeAlias = Callable[[str], None]
"""Says what is wrong with a line."""


class _Cancelled(Exception):
    """Whoever was asked does not want to answer."""


def wording(interrupt: Mapping[str, Json]) -> str:
    """The question, in words."""
    message = interrupt.get("message") or f"the agent waits: {interrupt.get('reason', 'no reason')}"
    return str(message)


def schema_of(interrupt: Mapping[str, Json]) -> JsonObject:
    """What an answer has to look like; nothing where the agent says nothing, or no schema."""
    schema = interrupt.get("responseSchema")
    return schema if isinstance(schema, dict) else {}


def answered(interrupt: Mapping[str, Json], read: Read, note: Note) -> Json:
    """The payload that the lines amount to; None where they cancel. What cannot be meant is put
    again, with a note. Of an object the fields are put one by one, unless all come as JSON.
    """
    schema = schema_of(interrupt)
    names = ", ".join(fields(schema))
    try:
        if not names:
            return _value(schema, f"{hint(schema) or 'your answer'}? ", read, note)
        prompt = f"Enter for one by one ({names}), or all as JSON? "
        return _value(schema, prompt, read, note, partial(_one_by_one, schema, read, note))
    except _Cancelled:
        return None


def _value(
    schema: Schema,
    prompt: str,
    read: Read,
    note: Note,
    when_empty: Callable[[], Json] | None = None,
) -> Json:
    while True:
        line = read(prompt).strip()
        if line == CANCEL:
            raise _Cancelled
        if not line and when_empty is not None:
            return when_empty()
        try:
            return payload(schema, line)
        except InvalidInput as error:
            note(error.message)


def _one_by_one(schema: Schema, read: Read, note: Note) -> JsonObject:
    made: JsonObject = {}
    for name, about in fields(schema).items():
        otherwise = None if name in required(schema) else partial(about.get, "default", _NOTHING)
        prompt = _prompt(name, about, may_lack=otherwise is not None)
        found = _value(about, prompt, read, note, otherwise)
        if found is not _NOTHING:
            made[name] = found
    return made


_NOTHING = object()
"""A field that is left out."""


def _prompt(name: str, schema: Schema, *, may_lack: bool) -> str:
    otherwise = schema.get("default")
    leave = f"Enter for {'none' if otherwise is None else otherwise}" if may_lack else ""
    about = "; ".join(filter(None, (schema.get("description"), hint(schema), leave)))
    return f"{name} ({about}): " if about else f"{name}: "
