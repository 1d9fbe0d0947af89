"""From what a Node runtime sends to an agent to a RunRequest. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agui_runtime.agents.run_input import typed
from agui_runtime.connectors.copilotkit.messages import to_agui
from agui_runtime.core.events import RunContext, RunRequest
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits


def run_request(
    agent: str,
    body: Mapping[str, Json],
    context: RunContext,
    limits: BodyLimits = DEFAULT_LIMITS,
) -> RunRequest:
    """The run that the body requests; raises InvalidInput and TooLarge.

    The Node runtime carries out its own actions; for ours the agent goes on within the run.
    """
    limits.check_messages(body.get("messages"))
    messages = to_agui(body.get("messages"))
    limits.check_messages(messages)
    given = {
        "threadId": body.get("threadId") or "",
        "runId": "",
        "messages": messages,
        "tools": body.get("actions") or [],
        "context": [],
        "state": body.get("state") or {},
        "forwardedProps": _forwarded(body, context),
    }
    return RunRequest(typed(given), context, agent)


def _forwarded(body: Mapping[str, Any], context: RunContext) -> dict[str, Any]:
    """What an agent gets beside the conversation, under the names that our other wires use."""
    forwarded: dict[str, Any] = {"config": body.get("config") or {}}
    events = body.get("metaEvents")
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and event.get("response"):
            forwarded["command"] = {"resume": event["response"]}
            break
    if body.get("nodeName"):
        forwarded["nodeName"] = body["nodeName"]
    return forwarded | dict(context.properties)
