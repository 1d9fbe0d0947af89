"""What a front end gets where a request fails: a status and `{"error", "message", ...}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from agui_runtime.agents.run_input import MalformedInput
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AgentNotFound, AguiError, InvalidInput
from agui_runtime.core.jsontext import Json
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.transcription import Refused


class HttpRefusal(Exception):
    """Answered with an HTTP status and a JSON body in this wire's own words."""

    def __init__(self, status: int, body: Mapping[str, Json], allow: str | None = None) -> None:
        super().__init__(body.get("message") or body.get("error"))
        self.status = status
        self.body = body
        self.headers = [(b"allow", allow.encode())] if allow else []


def not_found() -> HttpRefusal:
    return HttpRefusal(404, {"error": "Not found"})


def not_allowed(methods: str) -> HttpRefusal:
    return HttpRefusal(405, {"error": "Method not allowed"}, methods)


def invalid_request(message: str, status: int = 400) -> HttpRefusal:
    """What is wrong with an envelope."""
    return HttpRefusal(status, {"error": "invalid_request", "message": message})


def refusal_of(error: Exception) -> ErrorAnswer:
    """An error as a response; of one that is not ours nothing is shown."""
    if isinstance(error, HttpRefusal):
        is_fault = error.status >= 500 and error.__cause__ is not None
        return ErrorAnswer(error.status, error.body, error.headers, is_fault)
    if not isinstance(error, AguiError):
        return ErrorAnswer(500, _UNKNOWN, is_fault=True)
    body = _BODIES.get(type(error), _body)(error)
    is_fault = error.status >= 500 and not (isinstance(error, Refused) and error.__cause__ is None)
    return ErrorAnswer(error.status, body, is_fault=is_fault)


def _body(error: AguiError) -> Mapping[str, Any]:
    title = _TITLES.get(error.code, "Failed to answer")
    return {"error": title, "message": error.message, "code": error.code}


def _unknown_agent(error: AguiError) -> Mapping[str, Any]:
    assert isinstance(error, AgentNotFound)
    there = f"there are {', '.join(error.known)}" if error.known else "there is none"
    message = f"Agent '{error.name}' does not exist; {there}"
    return {"error": "Agent not found", "message": message}


def _invalid(error: AguiError) -> Mapping[str, Any]:
    return {"error": "Invalid request body", "details": error.message}


def _malformed(error: AguiError) -> Mapping[str, Any]:
    assert isinstance(error, MalformedInput)
    return {"error": "Invalid request body", "details": jsontext.dumps(error.faults).decode()}


_UNKNOWN = {"error": "Internal server error", "message": "see the server's log"}


def _refused(error: AguiError) -> Mapping[str, Any]:
    assert isinstance(error, Refused)
    return {"error": error.code, "message": error.message, "retryable": error.retryable}


_BODIES: Mapping[type[AguiError], Callable[[AguiError], Mapping[str, Any]]] = {
    Refused: _refused,
    AgentNotFound: _unknown_agent,
    InvalidInput: _invalid,
    MalformedInput: _malformed,
}
_TITLES = {
    "BUDGET_SPENT": "Budget spent",
    "FORBIDDEN": "Forbidden",
    "HISTORY_GONE": "History gone",
    "SHUTDOWN": "Shutting down",
    "STORE_UNAVAILABLE": "Store unavailable",
    "THREAD_BUSY": "Thread is busy",
    "THREAD_NOT_FOUND": "Thread not found",
    "TOO_LARGE": "Too large",
    "TOO_MANY_REQUESTS": "Too many requests",
    "TOO_MANY_STARTS": "Too many starts",
    "UNAUTHENTICATED": "Unauthorized",
}
