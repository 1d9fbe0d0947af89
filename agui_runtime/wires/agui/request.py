"""What a request's input says of the run that it wants. Pure."""

from __future__ import annotations

from ag_ui.core import RunAgentInput

from agui_runtime.core.requests import request_props
from agui_runtime.wires.agui.errors import HttpRefusal
from agui_runtime.wrappers.mcp_apps import PROXIED

SUGGEST = "copilotkitSuggest"
"""The tool with which a front end has suggestions made."""


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
