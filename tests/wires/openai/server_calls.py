"""A run that carries out calls of its own: one that comes to something and one that does not."""

from __future__ import annotations

from agui_runtime.core.call_results import failure_text
from agui_runtime.core.events import Event
from tests.runtime.worlds import call, text
from tests.wires.openai.serving import Recorder

FAILURE = failure_text("HANDLER_ERROR", "no such place")


def acting() -> Recorder:
    """Looks twice, and says what it has seen."""
    looks = [*call("c1", "look", '{"at":"1"}'), *call("c2", "look", '{"at":"2"}')]
    results = [_result("c1", "42"), _result("c2", FAILURE)]
    return Recorder(*text("m1", "Let me see."), *looks, *results, *text("m2", "Two."))


def steps(end: str) -> list[str]:
    """What OpenAI sends about a call, in its order."""
    arguments = ("response.mcp_call_arguments.delta", "response.mcp_call_arguments.done")
    begin = ("response.output_item.added", "response.mcp_call.in_progress", *arguments)
    return [*begin, f"response.mcp_call.{end}", "response.output_item.done"]


def _result(call_id: str, content: str) -> Event:
    ids = {"messageId": f"r-{call_id}", "toolCallId": call_id}
    return {"type": "TOOL_CALL_RESULT", **ids, "content": content}
