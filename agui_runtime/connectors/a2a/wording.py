"""What differs between the generations of A2A on the wire. Inside, all of it is as in 1.0. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.jsontext import Json, JsonObject

KINDS = ("task", "message", "statusUpdate", "artifactUpdate")
"""What a frame of a stream holds."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The names of methods, and the headers that go with each request."""

    generation: str
    send: str
    stream: str
    get: str
    cancel: str
    subscribe: str

    @property
    def headers(self) -> Mapping[str, str]:
        return {"A2A-Version": self.generation}

    def message(self, message: JsonObject, *, at_once: bool) -> JsonObject:
        """The parameters with which a message of 1.0 is sent; `at_once`, the answer is to be the
        task as it begins.
        """
        if self.generation == "1.0":
            wanted: JsonObject = {"configuration": {"returnImmediately": True}} if at_once else {}
            return {"message": message, **wanted}
        old = {**message, "kind": "message", "role": "user"}
        old["parts"] = [_old_part(each) for each in message["parts"]]
        return {"message": old, "configuration": {"blocking": not at_once}}

    def update(self, result: Json) -> tuple[str, JsonObject]:
        """The kind of a frame, and what it holds; raises ProtocolFailure."""
        if not isinstance(result, dict):
            raise ProtocolFailure("the agent sent a result that is no JSON object")
        if self.generation == "1.0":
            for kind in KINDS:
                if isinstance(result.get(kind), dict):
                    return kind, result[kind]
            raise ProtocolFailure("the agent sent a result that is none of A2A's")
        former = _OLD_KINDS.get(str(result.get("kind")))
        if former is None:
            raise ProtocolFailure("the agent sent a result that is none of A2A's")
        return former, _todays(result)

    def task(self, result: Json) -> JsonObject:
        """The task that is a result; raises ProtocolFailure."""
        if not isinstance(result, dict):
            raise ProtocolFailure("the agent sent a task that is no JSON object")
        return result if self.generation == "1.0" else _todays(result)


WORDINGS: Mapping[str, Wording] = {
    "1.0": Wording(
        "1.0", "SendMessage", "SendStreamingMessage", "GetTask", "CancelTask", "SubscribeToTask"
    ),
    "0.3": Wording(
        "0.3", "message/send", "message/stream", "tasks/get", "tasks/cancel", "tasks/resubscribe"
    ),
}

_OLD_KINDS = {
    "task": "task",
    "message": "message",
    "status-update": "statusUpdate",
    "artifact-update": "artifactUpdate",
}


def _old_part(part: JsonObject) -> JsonObject:
    if "text" in part:
        return {"kind": "text", "text": part["text"]}
    if "data" in part:
        data = part["data"]
        return {"kind": "data", "data": data if isinstance(data, dict) else {"value": data}}
    file = {"mimeType": part.get("mediaType"), "name": part.get("filename")}
    place = {"bytes": part["raw"]} if "raw" in part else {"uri": part.get("url")}
    return {"kind": "file", "file": place | {k: v for k, v in file.items() if v}}


def _todays(value: Json) -> JsonObject:
    made = _todays_value(value)
    return made if isinstance(made, dict) else {}


def _todays_value(value: Json) -> Json:
    """The value with parts and states as 1.0 has them; what an agent says is left as it is."""
    if isinstance(value, list):
        return [_todays_value(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _READ[key](each) if key in _READ else _todays_value(each)
        for key, each in value.items()
    }


def _parts(parts: Json) -> Json:
    return [_part(each) for each in parts] if isinstance(parts, list) else parts


def _part(part: Json) -> Json:
    if not isinstance(part, dict) or part.get("kind") != "file":
        return part
    file = part.get("file")
    file = file if isinstance(file, dict) else {}
    place = {"raw": file["bytes"]} if "bytes" in file else {"url": file.get("uri")}
    return {**place, "mediaType": file.get("mimeType"), "filename": file.get("name")}


def _state(state: Json) -> Json:
    return f"TASK_STATE_{state.upper().replace('-', '_')}" if isinstance(state, str) else state


def _as_it_is(value: Json) -> Json:
    return value


_READ: Mapping[str, Callable[[Json], Json]] = {
    "parts": _parts,
    "state": _state,
    "metadata": _as_it_is,
}


def texts_of(holder: Json) -> str:
    """The words of a message's or an artifact's parts."""
    return "".join(each["text"] for each in parts_of(holder) if isinstance(each.get("text"), str))


def parts_of(holder: Json) -> Sequence[JsonObject]:
    parts = holder.get("parts") if isinstance(holder, dict) else None
    return [each for each in parts if isinstance(each, dict)] if isinstance(parts, list) else []
