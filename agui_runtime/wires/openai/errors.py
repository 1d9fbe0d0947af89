"""Errors as OpenAI's clients get them: `{"error": {"message", "type", "param", "code"}}`. Pure.

Clients choose the exception by the status alone, and repeat 408, 409, 429 and all from 500 unless
they are advised not to: a repeated POST would be a second run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from agui_runtime.core.errors import (
    AgentNotFound,
    AguiError,
    Busy,
    Forbidden,
    InvalidInput,
    RequestError,
    RunFailure,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
)
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.quotas import BudgetSpent
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.table import WrongMethod

ONCE = (b"x-should-retry", b"false")
"""Sent where the same request would fail again, or would be carried out twice."""

LONGEST_PATIENCE = 60
"""So many seconds clients wait at most before they repeat a request."""


class BadRequest(InvalidInput):
    """The request is not as OpenAI's protocol has it; `param` names where, `reason` is a code."""

    def __init__(self, message: str, param: str | None = None, reason: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.reason = reason


class NotThere(RequestError):
    """Nothing is at this path."""

    code, status = "NOT_FOUND", 404


class RunFailed(RunFailure):
    """A run ended with RUN_ERROR, or somebody stopped it."""

    def __init__(self, event: Event) -> None:
        failure = _failure_of(event)
        super().__init__(event.get("message") or "somebody stopped the run")
        self.code = failure.run_code
        self.status = failure.status
        self.kind = failure.kind
        self.reason = failure.code
        self.is_curable = failure.is_curable


class _Form(NamedTuple):
    """The `type` and the `code` of an error."""

    kind: str
    code: str | None


class _Failure(NamedTuple):
    """What becomes of a run's failure; `run_code` is ours."""

    status: int
    kind: str
    code: str
    run_code: str
    is_curable: bool = False


def error_body(message: str, kind: str, code: str | None, param: str | None = None) -> JsonObject:
    """The object that an answer, or a frame of a stream, consists of."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def body_of(error: Exception) -> JsonObject:
    """The same for an exception; of one that is not ours nothing is shown."""
    if isinstance(error, RunFailed):
        return error_body(error.message, error.kind, error.reason)
    if isinstance(error, BadRequest):
        return error_body(error.message, "invalid_request_error", error.reason, error.param)
    if not isinstance(error, AguiError):
        message = "the server failed; see its log"
        return error_body(message, "server_error", "internal_error")
    form = _form_of(error)
    param = "model" if isinstance(error, AgentNotFound) else None
    return error_body(_message(error), form.kind, form.code, param)


def refusal_of(error: Exception) -> ErrorAnswer:
    """The answer to a request that failed."""
    status = error.status if isinstance(error, AguiError) else 500
    headers = [] if _is_curable(error) else [ONCE]
    if isinstance(error, WrongMethod):
        headers.append((b"allow", error.methods.encode()))
    is_fault = status >= 500 and not isinstance(error, RunFailed)
    return ErrorAnswer(status, body_of(error), headers, is_fault)


def _is_curable(error: Exception) -> bool:
    """Whether the same request may succeed a little later, and nothing was begun yet."""
    if isinstance(error, RunFailed):
        return error.is_curable
    if isinstance(error, TooManyRequests):
        return error.retry_after <= LONGEST_PATIENCE
    return isinstance(error, AguiError) and error.status in {408, 503}


def _message(error: AguiError) -> str:
    if not isinstance(error, AgentNotFound):
        return error.message
    there = f"there are {', '.join(error.known)}" if error.known else "there is none"
    return f"The model '{error.name}' does not exist; {there}"


def _form_of(error: AguiError) -> _Form:
    for kind in type(error).__mro__:
        if kind in _FORMS:
            return _FORMS[kind]
    if error.status < 500:
        return _Form("invalid_request_error", error.code.lower())
    return _Form("server_error", error.code.lower())


def _failure_of(event: Event) -> _Failure:
    if event["type"] != "RUN_ERROR":
        return _Failure(409, "conflict", "run_stopped", "STOPPED")
    code = str(event.get("code") or RunFailure.code)
    found = _FAILURES.get(code)
    if found is not None:
        return found
    gateway = code.startswith(("MODEL_", "REMOTE_"))
    return _Failure(502 if gateway else 500, "server_error", code.lower(), code)


_FORMS: Mapping[type, _Form] = {
    AgentNotFound: _Form("invalid_request_error", "model_not_found"),
    BudgetSpent: _Form("insufficient_quota", "insufficient_quota"),
    Busy: _Form("conflict", "thread_busy"),
    Forbidden: _Form("permission_error", "forbidden"),
    InvalidInput: _Form("invalid_request_error", None),
    TooLarge: _Form("invalid_request_error", "request_too_large"),
    TooManyRequests: _Form("requests", "rate_limit_exceeded"),
    Unauthenticated: _Form("invalid_request_error", "invalid_api_key"),
}

_FAILURES: Mapping[str, _Failure] = {
    each.run_code: each
    for each in (
        _Failure(400, "invalid_request_error", "context_length_exceeded", "MODEL_CONTEXT_TOO_LONG"),
        _Failure(400, "invalid_request_error", "model_bad_request", "MODEL_BAD_REQUEST"),
        _Failure(400, "invalid_request_error", "content_policy_violation", "MODEL_CONTENT_POLICY"),
        _Failure(429, "requests", "rate_limit_exceeded", "MODEL_RATE_LIMITED"),
        _Failure(503, "server_error", "model_unavailable", "MODEL_UNAVAILABLE"),
        _Failure(503, "server_error", "guardrails_unavailable", "GUARDRAILS_UNAVAILABLE"),
        _Failure(504, "server_error", "model_timeout", "MODEL_TIMEOUT"),
        _Failure(504, "server_error", "first_event_timeout", "FIRST_EVENT_TIMEOUT"),
        _Failure(504, "server_error", "idle_timeout", "IDLE_TIMEOUT"),
        _Failure(504, "server_error", "run_timeout", "RUN_TIMEOUT"),
        _Failure(503, "server_error", "shutdown", "SHUTDOWN", is_curable=True),
        _Failure(503, "server_error", "owner_lost", "OWNER_LOST"),
    )
}
