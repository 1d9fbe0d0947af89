"""What a run waits for, as forms that MCP's clients show, and their answers. Pure.

A form is one flat object of primitives. What an agent wants beyond that is a text in it, read as
JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.shared.shown import question

_PRIMITIVES = frozenset({"string", "number", "integer", "boolean"})
_KEYS = ("type", "title", "description", "enum", "enumNames", "default", "minimum", "maximum")
_WHOLE = "answer"

Interrupts = Sequence[Mapping[str, Json]]


def wording(interrupts: Interrupts) -> str:
    """The questions, in words."""
    return "\n".join(
        question(each.get("message") or each.get("reason") or each) for each in interrupts
    )


def form(interrupts: Interrupts) -> JsonObject:
    """The params of an `elicitation/create`: one form for all that a run waits for."""
    properties: JsonObject = {}
    required: list[str] = []
    for name, field, schema, needed in _fields(interrupts):
        del field
        properties[name] = schema
        required += [name] if needed else []
    schema = {"type": "object", "properties": properties, "required": required}
    return {"message": wording(interrupts), "requestedSchema": schema}


def entries(interrupts: Interrupts, result: Mapping[str, Json]) -> list[JsonObject]:
    """AG-UI's answers, from the result of an elicitation; raises InvalidInput."""
    if result.get("action") != "accept":
        return [{"interruptId": each["id"], "status": "cancelled"} for each in interrupts]
    content = result.get("content")
    if not isinstance(content, dict):
        raise InvalidInput("content: give the object that the form describes")
    payloads: dict[str, Json] = {}
    for name, (id_, field), _, needed in _fields(interrupts):
        if name not in content:
            if needed:
                raise InvalidInput(f"content: {name} is missing")
            continue
        if field is None:
            payloads[id_] = _read(content[name])
        else:
            payloads.setdefault(id_, {})[field] = content[name]
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


def _fields(
    interrupts: Interrupts,
) -> Iterator[tuple[str, tuple[str, str | None], JsonObject, bool]]:
    """Of each field of the form: its name; the interrupt, and the key of its answer, None for the
    whole of it; its schema; and whether it is needed.
    """
    for number, each in enumerate(interrupts, 1):
        tail = "" if len(interrupts) == 1 else f"_{number}"
        schema = each.get("responseSchema")
        flat = _flat(schema)
        if flat is None:
            yield f"{_WHOLE}{tail}", (each["id"], None), _simple(schema), True
            continue
        needed = schema.get("required") or () if isinstance(schema, dict) else ()
        for key, field in flat.items():
            yield f"{key}{tail}", (each["id"], key), field, key in needed


def _flat(schema: Json) -> Mapping[str, JsonObject] | None:
    """The fields of an object that a form can be of; None for any other."""
    properties = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(properties, dict) or not properties:
        return None
    if not all(
        isinstance(it, dict) and it.get("type") in _PRIMITIVES for it in properties.values()
    ):
        return None
    return {str(key): _simple(it) for key, it in properties.items()}


def _simple(schema: Json) -> JsonObject:
    given = schema if isinstance(schema, dict) else {}
    if given.get("type") not in _PRIMITIVES:
        about = jsontext.dumps(given).decode() if given else ""
        return {"type": "string", "description": f"JSON: {about}" if about else "Your answer"}
    return {key: given[key] for key in _KEYS if key in given}


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
