"""What a run waits for, as forms that MCP's clients show, and their answers. Pure.

A form is one flat object of primitives and choices. What an agent wants beyond that is a text in
it, read as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.mcp.form_fields import field_of, text_field
from agui_runtime.wires.shared.shown import question

_WHOLE = "answer"

Interrupts = Sequence[Mapping[str, Json]]


class Unfilled(InvalidInput):
    """What came back is not the form that was put."""


class _Field(NamedTuple):
    """Of a form: the interrupt that it answers, and under which key, None for the whole answer; a
    text that `is_json` is read.
    """

    interrupt: str
    key: str | None
    schema: JsonObject
    needed: bool
    is_json: bool = False


def wording(interrupts: Interrupts) -> str:
    """The questions, in words."""
    return "\n".join(
        question(each.get("message") or each.get("reason") or each) for each in interrupts
    )


def form(interrupts: Interrupts, *, has_choices: bool) -> JsonObject:
    """The params of an `elicitation/create`: one form for all that a run waits for. Only some
    clients know choices of several values, and choices with titles.
    """
    fields = _fields(interrupts, has_choices=has_choices)
    schema = {
        "type": "object",
        "properties": {name: field.schema for name, field in fields.items()},
        "required": [name for name, field in fields.items() if field.needed],
    }
    return {"message": wording(interrupts), "requestedSchema": schema}


def entries(interrupts: Interrupts, result: Mapping[str, Json]) -> list[JsonObject]:
    """AG-UI's answers, from the result of an elicitation; raises Unfilled."""
    if result.get("action") != "accept":
        return [{"interruptId": each["id"], "status": "cancelled"} for each in interrupts]
    content = result.get("content")
    if not isinstance(content, dict):
        raise Unfilled("content: give the object that the form describes")
    payloads: dict[str, Json] = {}
    for name, field in _filled(interrupts, content).items():
        if name not in content:
            if field.needed:
                raise Unfilled(f"content: {name} is missing")
        elif field.key is None:
            given = content[name]
            payloads[field.interrupt] = _read(given) if field.is_json else given
        else:
            payloads.setdefault(field.interrupt, {})[field.key] = content[name]
    return [_resolved(each["id"], payloads.get(each["id"], {})) for each in interrupts]


def entries_of_argument(interrupts: Interrupts, answer: Json) -> list[JsonObject]:
    """The same from the argument `answer` of a call: null cancels, several questions are answered
    by their ids. Raises InvalidInput.
    """
    if answer is None:
        return entries(interrupts, {"action": "cancel"})
    if len(interrupts) == 1:
        return [_resolved(interrupts[0]["id"], answer)]
    ids = [each["id"] for each in interrupts]
    if not isinstance(answer, dict) or set(answer) != set(ids):
        raise InvalidInput(f"answer: give an object with an answer for each of {', '.join(ids)}")
    return [_resolved(id_, answer[id_]) for id_ in ids]


def how_to_answer(thread_id: str, interrupts: Interrupts) -> str:
    """For whoever cannot put forms to anybody: what the next call has to be."""
    lines = [
        f"The agent waits for an answer. Call this tool again with threadId {thread_id!r} and"
        " `answer`, null to refuse:"
    ]
    for each in interrupts:
        schema = jsontext.dumps(each.get("responseSchema") or {}).decode()
        lines.append(f"- {each['id']}: {wording([each])} (JSON Schema of the answer: {schema})")
    if len(interrupts) > 1:
        lines.append("`answer` is an object of the answers by their ids.")
    return "\n".join(lines)


def _filled(interrupts: Interrupts, content: Mapping[str, Json]) -> Mapping[str, _Field]:
    """The fields of the form that was filled in with this: which one the client was shown, its
    version says, and nobody remembers.
    """
    newer = _fields(interrupts, has_choices=True)
    older = _fields(interrupts, has_choices=False)
    return older if (older.keys() - newer.keys()) & content.keys() else newer


def _fields(interrupts: Interrupts, *, has_choices: bool) -> dict[str, _Field]:
    """Those of the form, by their names."""
    found: dict[str, _Field] = {}
    for number, each in enumerate(interrupts, 1):
        tail = "" if len(interrupts) == 1 else f"_{number}"
        schema = each.get("responseSchema")
        parts = _parts(schema, has_choices=has_choices)
        if parts is None:
            whole = field_of(schema, has_choices=has_choices)
            shown = text_field(schema) if whole is None else whole
            is_json = whole is None or whole["type"] != "string"
            found[f"{_WHOLE}{tail}"] = _Field(each["id"], None, shown, True, is_json)
            continue
        needed = schema.get("required") or () if isinstance(schema, dict) else ()
        for key, part in parts.items():
            found[f"{key}{tail}"] = _Field(each["id"], key, part, key in needed)
    return found


def _parts(schema: Json, *, has_choices: bool) -> Mapping[str, JsonObject] | None:
    """The fields of an object that a form can be of; None for any other."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties:
        return None
    parts = {str(key): field_of(it, has_choices=has_choices) for key, it in properties.items()}
    fields = {key: part for key, part in parts.items() if part is not None}
    return fields if len(fields) == len(parts) else None


def _read(value: Json) -> Json:
    """The JSON that a text is, or else the text."""
    if not isinstance(value, str):
        return value
    try:
        return jsontext.loads(value)
    except orjson.JSONDecodeError:
        return value


def _resolved(id_: str, payload: Json) -> JsonObject:
    return {"interruptId": id_, "status": "resolved", "payload": payload}
