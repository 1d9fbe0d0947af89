"""What a message answers of that for which a task waits, and back. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from a2a.types.a2a_pb2 import Part
from a2a.utils.errors import InvalidParamsError

from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.a2a.parts import data_in, data_part, texts_in

_KEYS = frozenset({"interruptId", "status", "payload"})


def answers_in(parts: Sequence[Part], interrupts: Sequence[JsonObject]) -> list[JsonObject]:
    """AG-UI's `resume`: of each data part with an `interruptId` its `payload`; any other message
    answers the only interrupt there is. Raises InvalidParamsError, which names those there are.
    """
    ids = [each["id"] for each in interrupts]
    data = [data_in(each) for each in parts if each.WhichOneof("content") == "data"]
    named = [each for each in data if isinstance(each, dict) and "interruptId" in each]
    if named:
        return [_entry(each, ids) for each in named]
    if len(ids) != 1:
        raise InvalidParamsError(
            f"the task waits for {len(ids)} answers: send for each a data part with `interruptId` "
            f"and `payload`; the ids are {ids}"
        )
    payload = data[0] if data else "\n".join(texts_in(parts))
    return [{"interruptId": ids[0], "status": "resolved", "payload": payload}]


def answer_parts(entries: Sequence[JsonObject]) -> list[Part]:
    """The parts of a message that gives these answers."""
    if len(entries) == 1 and entries[0].get("payload") is not None:
        payload = entries[0]["payload"]
        return [Part(text=payload) if isinstance(payload, str) else data_part(payload)]
    shown = [{key: each[key] for key in each.keys() & _KEYS} for each in entries]
    return [data_part(each) for each in shown]


def _entry(given: JsonObject, ids: Sequence[str]) -> JsonObject:
    if given["interruptId"] not in ids:
        raise InvalidParamsError(f"there is no interrupt {given['interruptId']!r}; there are {ids}")
    entry = {key: each for key, each in given.items() if key in _KEYS}
    return {"status": "resolved", **entry}
