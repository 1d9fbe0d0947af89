"""What an error becomes here: `extensions` of a GraphQL error, or details of a failed status.

The codes, and how loudly a front end shows each, are CopilotKit's; `runtimeCode` is our own stable
one. No stack trace, no path, no cause ever gets in here.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from graphql import GraphQLError

from agui_runtime.core.access import Undecided
from agui_runtime.core.errors import (
    AgentNotFound,
    AguiError,
    Conflict,
    Forbidden,
    Misconfigured,
    RequestError,
    RunFailure,
    RunNotFound,
    StoreUnavailable,
    ThreadNotFound,
    TooManyRequests,
    Unauthenticated,
)
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.memories.memory import EntryNotFound
from agui_runtime.wires.shared.http import log_failure

logger = logger_of(__name__)

HELP = "https://docs.copilotkit.ai/"
NETWORK_HELP = f"{HELP}troubleshooting/common-issues#i-am-getting-a-network-errors--api-not-found"
AGENT_HELP = f"{HELP}coagents/troubleshooting/common-issues#i-am-getting-agent-not-found-error"


class _Kind(NamedTuple):
    """A CopilotKit error code, where a front end shows it, and where its developer finds help."""

    code: str
    visibility: str = "banner"
    severity: str = "critical"
    help: str | None = None


_UNKNOWN = _Kind("UNKNOWN", visibility="toast")
_NETWORK = _Kind("NETWORK_ERROR", help=NETWORK_HELP)
_AUTHENTICATION = _Kind("AUTHENTICATION_ERROR", help=NETWORK_HELP)
_CONFIGURATION = _Kind("CONFIGURATION_ERROR", severity="warning")
_REFUSED_BY_MODEL = _Kind("CONFIGURATION_ERROR", help=NETWORK_HELP)

# The first class that fits counts.
_KINDS: tuple[tuple[type[AguiError], _Kind], ...] = (
    (AgentNotFound, _Kind("AGENT_NOT_FOUND", help=AGENT_HELP)),
    (ThreadNotFound, _Kind("NOT_FOUND")),
    (RunNotFound, _Kind("NOT_FOUND")),
    (EntryNotFound, _Kind("NOT_FOUND")),
    (Unauthenticated, _AUTHENTICATION),
    (Forbidden, _AUTHENTICATION),
    (RequestError, _CONFIGURATION),
    (Misconfigured, _CONFIGURATION),
    (StoreUnavailable, _NETWORK),
    (RunFailure, _NETWORK),
)

_STATUS_OF_CODE = {AgentNotFound.code: 500}
"""Where the reference's statusCode is not our HTTP status."""

# What a model provider's refusal means when it came without an HTTP status.
_IMPLIED_STATUS = {
    "MODEL_AUTHENTICATION": 401,
    "MODEL_PERMISSION": 403,
    "MODEL_NOT_FOUND": 404,
    "MODEL_RATE_LIMITED": 429,
    "MODEL_BAD_REQUEST": 400,
    "MODEL_CONTEXT_TOO_LONG": 400,
    "MODEL_CONTENT_POLICY": 400,
}

# Run failures that are nobody's fault but the infrastructure's, and their status.
_INFRASTRUCTURE = {
    "FIRST_EVENT_TIMEOUT": 504,
    "IDLE_TIMEOUT": 504,
    "RUN_TIMEOUT": 504,
    "GUARDRAILS_UNAVAILABLE": 503,
    "SHUTDOWN": 503,
    "OWNER_LOST": 503,
    "STORE_UNAVAILABLE": 503,
    "REMOTE_BROKEN": 503,
    "REMOTE_REFUSED": 503,
    "REMOTE_TIMEOUT": 504,
    "REMOTE_TOO_LARGE": 503,
    "REMOTE_UNREACHABLE": 503,
}

# The OpenAI client's exception classes, which the reference names to front ends.
_ERROR_TYPES = {
    400: "BadRequestError",
    401: "AuthenticationError",
    403: "PermissionDeniedError",
    404: "NotFoundError",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "RateLimitError",
}


def failure_details(event: Event) -> JsonObject:
    """The `details` of the FailedResponseStatus for a RUN_ERROR event."""
    message, code = event["message"], event.get("code") or "AGENT_ERROR"
    about = event.get("metadata", {})
    reported = about.get("status")
    status = reported if isinstance(reported, int) else _IMPLIED_STATUS.get(code)
    if code.startswith("MODEL_"):
        original = _described(_model_kind(status), 503, message, code)
        original |= {"statusCode": status or 503, "originalErrorType": _error_type(status)}
    elif "errorType" in about:  # a graph behind a remote endpoint failed
        original = _described(_NETWORK, 503, message, code)
        original |= {"statusCode": status or 503, "originalErrorType": about["errorType"]}
    elif code in _INFRASTRUCTURE:
        original = _described(_NETWORK, _INFRASTRUCTURE[code], message, code)
    else:
        original = _described(_UNKNOWN, 500, message, code)
    return {"description": message, "originalError": original}


def formatted(error: GraphQLError, request_id: str) -> JsonObject:
    """The error as an entry of the answer's `errors`; one of unknown origin is masked, its cause is
    logged.
    """
    cause = origin_of(error)
    report: dict[str, Any] = dict(error.formatted)
    if isinstance(cause, AguiError):
        report["message"] = cause.message
        report["extensions"] = _extensions(_kind(cause), _status(cause), cause.message, cause.code)
        report["extensions"] |= _facts(cause)
        if isinstance(cause, Undecided):
            log_failure(logger, cause)
            report["extensions"]["requestId"] = request_id
    elif cause is not None:
        logger.error("a resolver failed", exc_info=cause)
        report["message"] = f"something went wrong; the server's log tells more of {request_id}"
        report["extensions"] = _extensions(_UNKNOWN, 500, report["message"], "INTERNAL_ERROR")
        report["extensions"]["requestId"] = request_id
    return report


def origin_of(error: GraphQLError) -> Exception | None:
    """What a resolver raised; None for an error of the operation itself."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def bad_request(message: str, code: str = "BAD_REQUEST") -> JsonObject:
    """An answer to a request that is not even GraphQL."""
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def with_code(error: GraphQLError, code: str) -> JsonObject:
    """A fault of the operation itself, for example GRAPHQL_VALIDATION_FAILED."""
    return {**error.formatted, "extensions": {"code": code}}


def _kind(error: AguiError) -> _Kind:
    return next((kind for family, kind in _KINDS if isinstance(error, family)), _UNKNOWN)


def _status(error: AguiError) -> int:
    return _STATUS_OF_CODE.get(error.code, error.status)


def _facts(error: AguiError) -> dict[str, Any]:
    """What a program can use of the error's sentence."""
    if isinstance(error, Conflict):
        return {"currentVersion": error.version}
    if isinstance(error, TooManyRequests):
        return {"retryAfterSeconds": error.retry_after}
    return {"knownAgents": error.known} if isinstance(error, AgentNotFound) else {}


def _model_kind(status: int | None) -> _Kind:
    if status == 401:
        return _AUTHENTICATION
    if status is not None and status < 500:
        return _REFUSED_BY_MODEL
    return _NETWORK


def _error_type(status: int | None) -> str:
    if status is None:
        return "APIConnectionError"
    return _ERROR_TYPES.get(status, "InternalServerError" if status >= 500 else "APIError")


def _described(kind: _Kind, status: int, message: str, code: str) -> dict[str, Any]:
    return {
        "code": kind.code,
        "statusCode": status,
        "severity": kind.severity,
        "visibility": kind.visibility,
        "extensions": _extensions(kind, status, message, code),
    }


def _extensions(kind: _Kind, status: int, message: str, code: str) -> dict[str, Any]:
    return {
        "name": "CopilotError",
        "statusCode": status,
        "code": kind.code,
        "visibility": kind.visibility,
        "severity": kind.severity,
        "troubleshootingUrl": kind.help,
        "originalError": {"message": message},
        "runtimeCode": code,
    }
