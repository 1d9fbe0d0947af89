"""From a request's JSON to a RunAgentInput, as clients of every generation send it. Pure."""

from __future__ import annotations

import uuid

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import typed
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.message_parts import all_modern
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits


def run_input(
    payload: object, limits: BodyLimits = DEFAULT_LIMITS, *, is_short: bool = False
) -> RunAgentInput:
    """The RunAgentInput in a body; raises InvalidInput, for faults in it MalformedInput with all of
    them, and TooLarge.

    Parts of AG-UI before 1.0 are given their form of today. `is_short`: no work on it takes long.
    """
    if not isinstance(payload, dict):
        raise InvalidInput("the body must be a JSON object, a RunAgentInput")
    limits.check_messages(payload.get("messages"))
    if None in payload.values():
        payload = {key: value for key, value in payload.items() if value is not None}
    # AG-UI 1.0 lets a client leave these out, but many adapters iterate over them; they may change
    # them, too.
    given = {"tools": [], "context": [], "state": {}, "forwardedProps": {}, **payload}
    if isinstance(given.get("messages"), list):
        given["messages"] = all_modern(given["messages"])
    return typed(given, is_short=is_short)


def with_ids(messages: object) -> object:
    """Messages with ids for those that have none."""
    if not isinstance(messages, list):
        return messages
    return [
        {"id": str(uuid.uuid4()), **each}
        if isinstance(each, dict) and each.get("id") is None
        else each
        for each in messages
    ]
