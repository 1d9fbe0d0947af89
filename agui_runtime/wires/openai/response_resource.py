"""A response as clients get it, whole or at the ends of its stream. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time
from typing import NamedTuple

from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.openai.errors import RunFailed
from agui_runtime.wires.openai.response_events import ResponseEvents
from agui_runtime.wires.openai.usage import response_usage
from agui_runtime.wires.shared.shown import FINISHES


@dataclass(frozen=True, slots=True)
class Resource:
    """What all states of a response say of it; `echo` is what it repeats of its request,
    `ended_at` when it ended, if that was before now.
    """

    id: str
    created_at: float
    model: str
    echo: JsonObject = field(default_factory=dict)
    ended_at: float | None = None

    def body(self, made: ResponseEvents, status: str | None = None) -> JsonObject:
        """The response as it is by now, or in that status."""
        status = status or status_of(made.end)
        over = bool(made.end)
        reason = _REASONS.get(status, {}).get(made.end.get("code", ""))
        return {
            **_USUAL,
            **self.echo,
            "tools": [_tool(each) for each in self.echo.get("tools", ())],
            "id": self.id,
            "object": "response",
            "created_at": int(self.created_at),
            "completed_at": int(self.ended_at or time()) if status == "completed" else None,
            "status": status,
            "error": _error(made.end) if status == "failed" else None,
            "incomplete_details": {"reason": reason} if reason else None,
            "model": self.model,
            "output": list(made.output),
            "usage": response_usage(made.end) if over else None,
        }


class _Ending(NamedTuple):
    """The status of a response that has ended, and the type of the last event of its stream."""

    status: str
    event: str


def status_of(end: Event) -> str:
    """OpenAI's word for how a run ended, or for one that has not."""
    return _ending(end).status


def last_event(end: Event) -> str:
    """The type of the event with which its stream ends."""
    return f"response.{_ending(end).event}"


def _ending(end: Event) -> _Ending:
    if not end:
        return _Ending("in_progress", "in_progress")
    if (end.get("outcome") or {}).get("type") == "cancelled":
        return _Ending("cancelled", "incomplete")
    if end["type"] == "RUN_FINISHED":
        return _Ending("completed", "completed")
    if end.get("code") in FINISHES:
        return _Ending("incomplete", "incomplete")
    return _Ending("failed", "failed")


def _error(end: Event) -> JsonObject:
    failure = RunFailed(end)
    code = failure.reason if failure.reason == "rate_limit_exceeded" else "server_error"
    return {"code": code, "message": failure.message}


def _tool(given: JsonObject) -> JsonObject:
    """Open Responses demands all of a function's fields."""
    return {"description": None, "parameters": None, "strict": None, **given}


_REASONS: Mapping[str, Mapping[str, str]] = {
    "incomplete": {
        code: {"length": "max_output_tokens"}.get(finish, finish)
        for code, finish in FINISHES.items()
    }
}

_USUAL: JsonObject = {
    "previous_response_id": None,
    "instructions": None,
    "tool_choice": "auto",
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "text": {"format": {"type": "text"}},
    "top_p": None,
    "presence_penalty": None,
    "frequency_penalty": None,
    "top_logprobs": None,
    "temperature": None,
    "reasoning": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "store": True,
    "background": False,
    "service_tier": None,
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
    "user": None,
}
"""What Open Responses demands of each response, where the request says nothing."""
