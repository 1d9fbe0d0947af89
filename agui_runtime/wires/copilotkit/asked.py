"""From a request's JSON to what the runtime is asked: the run's input and its fingerprint. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from ag_ui.core import Context, Message as AnyMessage, RunAgentInput, Tool
from pydantic import TypeAdapter, ValidationError

from agui_runtime import jsontext
from agui_runtime.attachments import modern
from agui_runtime.errors import InvalidInput
from agui_runtime.offloop import PART, parts
from agui_runtime.wires.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wires.copilotkit.errors import Refusal
from agui_runtime.wrappers.mcp_apps import PROXIED

SUGGEST = "copilotkitSuggest"
"""The tool with which a front end has suggestions made."""

_LISTS: Mapping[str, TypeAdapter[list[Any]]] = {
    "messages": TypeAdapter(list[AnyMessage]),
    "tools": TypeAdapter(list[Tool]),
    "context": TypeAdapter(list[Context]),
}
"""What there may be much of."""

# AG-UI 1.0 lets a client leave these out, but many adapters iterate over them.
_DEFAULTS: Mapping[str, Any] = {"tools": [], "context": [], "state": {}, "forwardedProps": {}}


def run_input(payload: object, limits: BodyLimits = DEFAULT_LIMITS) -> RunAgentInput:
    """The RunAgentInput in a body; raises InvalidInput, whose message is a JSON list of all faults,
    and TooLarge.

    Parts of AG-UI before 1.0 are given their form of today.
    """
    if not isinstance(payload, dict):
        raise InvalidInput("the body must be a JSON object, a RunAgentInput")
    limits.check_messages(payload.get("messages"))
    given = {**_DEFAULTS, **{key: value for key, value in payload.items() if value is not None}}
    if isinstance(given.get("messages"), list):
        given["messages"] = [modern(message) for message in given["messages"]]
    long = {key: given[key] for key in _LISTS if _is_long(given.get(key))}
    try:
        asked = RunAgentInput.model_validate(given | dict.fromkeys(long, ()))
    except ValidationError as error:
        raise InvalidInput(_told(_faults(error))) from None
    made = {key: _in_parts(key, items) for key, items in long.items()}
    return asked.model_copy(update=made) if made else asked


def _is_long(items: object) -> bool:
    return isinstance(items, list) and len(items) > PART


def _in_parts(key: str, items: Sequence[object]) -> list[Any]:
    """The models of a long list; raises InvalidInput, of the faults of the first part with any."""
    made: list[Any] = []
    for part in parts(items):
        try:
            made += _LISTS[key].validate_python(part)
        except ValidationError as error:
            raise InvalidInput(_told(_faults(error, key, len(made)))) from None
    return made


def fingerprint(agent: str, payload: object) -> str:
    """The same for two requests that ask for the very same run."""
    return blake2b(jsontext.dumps([agent, payload]), digest_size=16).hexdigest()


def wants_suggestions(asked: RunAgentInput) -> bool:
    """Whether the run only makes suggestions; front ends ask for them on throw-away threads."""
    return [tool.name for tool in asked.tools or ()] == [SUGGEST]


def comes_from_app(asked: RunAgentInput) -> bool:
    """Whether it is an MCP app on the page that asks, and its server that is to answer."""
    return PROXIED in properties_of(asked)


def without_thread(asked: RunAgentInput) -> RunAgentInput:
    """The same without the conversation."""
    return asked.model_copy(update={"messages": [], "tools": [], "context": [], "state": {}})


def properties_of(asked: RunAgentInput) -> Mapping[str, Any]:
    """What the page gave as `properties`."""
    props = asked.forwarded_props
    return props if isinstance(props, Mapping) else {}


def stop_run_id(payload: object) -> str | None:
    """The run that a stop is meant for, None for whichever is live; raises Refusal."""
    if payload is None or payload == {}:
        return None
    if not isinstance(payload, dict) or payload.keys() != {"runId"}:
        raise Refusal(400, {"error": "Invalid stop request"})
    run_id = payload["runId"]
    if not isinstance(run_id, str) or not run_id:
        raise Refusal(400, {"error": "Invalid runId"})
    return run_id


def _faults(error: ValidationError, key: str = "", start: int = 0) -> list[dict[str, object]]:
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


def _told(faults: Sequence[Mapping[str, object]]) -> str:
    return jsontext.dumps(faults).decode()
