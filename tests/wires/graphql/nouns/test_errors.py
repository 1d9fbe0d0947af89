"""Which of CopilotKit's error codes each of our errors becomes."""

from __future__ import annotations

import pytest
from graphql import GraphQLError

from agui_runtime.core.errors import (
    AgentNotFound,
    AguiError,
    Busy,
    Conflict,
    Gone,
    InvalidInput,
    Misconfigured,
    RunNotFound,
    ShuttingDown,
    StoreUnavailable,
    ThreadNotFound,
    TooLarge,
    TooManyRequests,
    Unauthenticated,
)
from agui_runtime.wires.graphql.nouns.errors import failure_details, formatted
from tests.wires.graphql.runs import event


@pytest.mark.parametrize(
    ("error", "code", "status", "visibility", "severity"),
    [
        (AgentNotFound("a", ["b"]), "AGENT_NOT_FOUND", 500, "banner", "critical"),
        (ThreadNotFound("t"), "NOT_FOUND", 404, "banner", "critical"),
        (Unauthenticated("who?"), "AUTHENTICATION_ERROR", 401, "banner", "critical"),
        (InvalidInput("bad"), "CONFIGURATION_ERROR", 400, "banner", "warning"),
        (RunNotFound("t", "r"), "NOT_FOUND", 404, "banner", "critical"),
        (Busy("t", "r"), "CONFIGURATION_ERROR", 409, "banner", "warning"),
        (Conflict(3), "CONFIGURATION_ERROR", 409, "banner", "warning"),
        (Gone(), "CONFIGURATION_ERROR", 410, "banner", "warning"),
        (TooLarge("big"), "CONFIGURATION_ERROR", 413, "banner", "warning"),
        (TooManyRequests("wait"), "CONFIGURATION_ERROR", 429, "banner", "warning"),
        (Misconfigured("no"), "CONFIGURATION_ERROR", 500, "banner", "warning"),
        (StoreUnavailable("gone"), "NETWORK_ERROR", 503, "banner", "critical"),
        (ShuttingDown(), "NETWORK_ERROR", 503, "banner", "critical"),
        (AguiError("?"), "UNKNOWN", 500, "toast", "critical"),
    ],
)
def test_an_error_before_the_run_has_a_code_and_tells_how_to_show_it(
    error: AguiError, code: str, status: int, visibility: str, severity: str
) -> None:
    told = formatted(GraphQLError(error.message, original_error=error), "r-1")
    extensions = told["extensions"]
    assert told["message"] == error.message
    assert extensions["originalError"] == {"message": error.message}
    assert (extensions["code"], extensions["statusCode"]) == (code, status)
    assert (extensions["visibility"], extensions["severity"]) == (visibility, severity)
    assert (extensions["name"], extensions["runtimeCode"]) == ("CopilotError", error.code)


@pytest.mark.parametrize(
    ("error", "facts"),
    [
        (Conflict(3), {"currentVersion": 3}),
        (AgentNotFound("a", ["c", "b"]), {"knownAgents": ["b", "c"]}),
    ],
)
def test_what_a_program_can_use_of_an_error_stands_in_its_extensions(
    error: AguiError, facts: dict[str, object]
) -> None:
    told = formatted(GraphQLError(error.message, original_error=error), "r-1")
    assert told["extensions"] | facts == told["extensions"]


def test_an_error_of_the_operation_stays_as_it_is() -> None:
    assert formatted(GraphQLError("no such field"), "r-1") == {"message": "no such field"}


@pytest.mark.parametrize(
    ("code", "status", "told", "as_status", "kind"),
    [
        ("MODEL_AUTHENTICATION", 401, "AUTHENTICATION_ERROR", 401, "AuthenticationError"),
        ("MODEL_AUTHENTICATION", None, "AUTHENTICATION_ERROR", 401, "AuthenticationError"),
        ("MODEL_PERMISSION", 403, "CONFIGURATION_ERROR", 403, "PermissionDeniedError"),
        ("MODEL_RATE_LIMITED", 429, "CONFIGURATION_ERROR", 429, "RateLimitError"),
        ("MODEL_BAD_REQUEST", 418, "CONFIGURATION_ERROR", 418, "APIError"),
        ("MODEL_UNAVAILABLE", 502, "NETWORK_ERROR", 502, "InternalServerError"),
        ("MODEL_UNREACHABLE", None, "NETWORK_ERROR", 503, "APIConnectionError"),
    ],
)
def test_a_model_failure_is_told_by_the_status_that_the_provider_answered(
    code: str, status: int | None, told: str, as_status: int, kind: str
) -> None:
    metadata = {"metadata": {"status": status}} if status else {}
    details = failure_details(event("RUN_ERROR", message="no", code=code, **metadata))
    original = details["originalError"]
    assert details["description"] == "no"
    assert (original["code"], original["statusCode"]) == (told, as_status)
    assert original["originalErrorType"] == kind
    assert (original["visibility"], original["severity"]) == ("banner", "critical")
    assert original["extensions"]["statusCode"] == 503
    assert original["extensions"]["runtimeCode"] == code


@pytest.mark.parametrize(
    ("code", "told", "status"),
    [
        ("IDLE_TIMEOUT", "NETWORK_ERROR", 504),
        ("SHUTDOWN", "NETWORK_ERROR", 503),
        ("AGENT_ERROR", "UNKNOWN", 500),
        ("THE_AGENTS_OWN", "UNKNOWN", 500),
        (None, "UNKNOWN", 500),
    ],
)
def test_other_failures_are_the_infrastructures_or_the_agents(
    code: str | None, told: str, status: int
) -> None:
    original = failure_details({"type": "RUN_ERROR", "message": "no", "code": code})[
        "originalError"
    ]
    assert (original["code"], original["statusCode"]) == (told, status)
    assert "originalErrorType" not in original
