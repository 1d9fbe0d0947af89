"""A request as JSON, in parts: one call for all of a long chat could not be interrupted."""

from __future__ import annotations

from typing import Any

from ag_ui.core import RunAgentInput


def dumped(request: RunAgentInput) -> dict[str, Any]:
    """The request with AG-UI's own keys."""
    rest = request.model_copy(update={"messages": []}).model_dump(mode="json", by_alias=True)
    messages = [message.model_dump(mode="json", by_alias=True) for message in request.messages]
    return rest | {"messages": messages}
