"""From a request's JSON to what the runtime is given: the run's input and its fingerprint. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import MalformedInput, typed
from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.message_parts import modern
from agui_runtime.core.requests import request_props
from agui_runtime.wires.agui.errors import HttpRefusal
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits
from agui_runtime.wrappers.mcp_apps import PROXIED

SUGGEST = "copilotkitSuggest"
"""The tool with which a front end has suggestions made."""

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
    try:
        return typed(given)
    except MalformedInput as malformed:
        raise InvalidInput(jsontext.dumps(malformed.faults).decode()) from None


def wants_suggestions(given: RunAgentInput) -> bool:
    """Whether the run only makes suggestions; front ends ask for them on throw-away threads."""
    return [tool.name for tool in given.tools or ()] == [SUGGEST]


def comes_from_app(given: RunAgentInput) -> bool:
    """Whether an MCP app on the page sent it, and its server is to answer."""
    return PROXIED in request_props(given)


def without_thread(given: RunAgentInput) -> RunAgentInput:
    """The same without the conversation."""
    return given.model_copy(update={"messages": [], "tools": [], "context": [], "state": {}})


def stop_run_id(payload: object) -> str | None:
    """The run that a stop is meant for, None for whichever is live; raises HttpRefusal."""
    if payload is None or payload == {}:
        return None
    if not isinstance(payload, dict) or payload.keys() != {"runId"}:
        raise HttpRefusal(400, {"error": "Invalid stop request"})
    run_id = payload["runId"]
    if not isinstance(run_id, str) or not run_id:
        raise HttpRefusal(400, {"error": "Invalid runId"})
    return run_id
