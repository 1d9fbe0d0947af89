"""Turns what a model provider refuses into ModelFailure, with messages that are safe to show.

The provider's own sentence is kept where it helps whoever set up the agent, without anything that
looks like a secret. What a provider says about faults of its own is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from agui_runtime import jsontext
from agui_runtime.errors import ModelFailure, RunFailure

ADVICE: Mapping[str, str] = {
    "AUTHENTICATION": "the model provider does not accept the API key; check the server's key",
    "PERMISSION": "the model provider does not allow this; check what the API key may use",
    "NOT_FOUND": "the model provider does not know this model; check its name and the base URL",
    "RATE_LIMITED": "the model provider is asked too often, or its quota is used up; wait",
    "BAD_REQUEST": "the model provider does not accept the request",
    "CONTEXT_TOO_LONG": "the conversation is too long for the model; start a new one",
    "CONTENT_POLICY": "the model provider's content policy forbids this; word it differently",
    "UNAVAILABLE": "the model provider has a fault; try again",
    "UNREACHABLE": "the model provider cannot be reached; check the base URL and the network",
    "TIMEOUT": "the model provider took too long; try again",
    "STREAM_BROKEN": "the model provider broke off in the middle of its answer; try again",
}

_BY_STATUS: Mapping[int, str] = {
    401: "AUTHENTICATION",
    402: "PERMISSION",
    403: "PERMISSION",
    404: "NOT_FOUND",
    405: "NOT_FOUND",
    408: "TIMEOUT",
    413: "CONTEXT_TOO_LONG",
    429: "RATE_LIMITED",
}

_BY_CODE: Mapping[str, str] = {
    "context_length_exceeded": "CONTEXT_TOO_LONG",
    "content_policy_violation": "CONTENT_POLICY",
    "content_filter": "CONTENT_POLICY",
    "invalid_api_key": "AUTHENTICATION",
    "model_not_found": "NOT_FOUND",
    "rate_limit_exceeded": "RATE_LIMITED",
    "insufficient_quota": "RATE_LIMITED",
}

# Many compatible servers, and libraries in between, give no code for these two.
_BY_WORDING = (
    ("CONTEXT_TOO_LONG", re.compile(r"context (length|window|size)|prompt is too long", re.I)),
    (
        "CONTENT_POLICY",
        re.compile(r"content (management )?policy|safety system|content filter", re.I),
    ),
)
_WORDED = frozenset({"BAD_REQUEST", "CONTEXT_TOO_LONG", "CONTENT_POLICY"})

_OWN_FAULTS = frozenset({"UNAVAILABLE", "UNREACHABLE", "TIMEOUT", "STREAM_BROKEN"})
"""Kinds of which the provider's words concern nobody but the log."""

_SECRETS = re.compile(
    r"(?:bearer|basic)\s+[\w.~+/=*-]+"
    r"|\b(?:sk|pk|rk|gsk|xai|hf|pplx|nvapi|org|proj|sess|ghp)[-_](?:[\w*-]|\.(?=\w))+"
    r"|\bAIza[\w-]{8,}"
    r"|\beyJ[\w-]{8,}(?:\.[\w-]+)*"
    r"|\b(?=\w*\d)\w{32,}\b"
    r"|[^\s'\"]*\*{3,}[^\s'\"]*",
    re.I,
)
_URL_LOGIN = re.compile(r"(https?://)[^/\s@]+@", re.I)
_URL_QUERY = re.compile(r"(https?://[^\s?#]+)[?#]\S*", re.I)
_LONGEST_SHOWN, _LONGEST_LOGGED = 300, 2000


class ProviderSaid(Exception):
    """The cause of a ModelFailure, for the log: what the provider said, without secrets."""


class Refusal(Exception):
    """One failed attempt. `passing`: another may succeed, after `wait` seconds if that was told."""

    def __init__(self, failure: RunFailure, passing: bool, wait: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.passing = passing
        self.wait = wait


def failure(
    kind: str, said: str = "", status: int | None = None, *, cause: str | None = None
) -> ModelFailure:
    """The failure of that kind. `said` is shown where it may be; `cause`, or else it, is logged."""
    detail = "" if kind in _OWN_FAULTS or "Traceback" in said else redact(said)
    note = ": ".join(note for note in (str(status or ""), detail) if note)
    told = ModelFailure(kind, f"{ADVICE[kind]} ({note})" if note else ADVICE[kind], status)
    if logged := redact(said if cause is None else cause, _LONGEST_LOGGED):
        told.__cause__ = ProviderSaid(logged)
    return told


def refused(
    status: int, body: object, wait: str | None = None, known: str | None = None
) -> Refusal:
    """What an HTTP status other than 200 means; `body` is its JSON, `wait` its Retry-After.

    `known` is the kind of failure, where somebody else has found it out.
    """
    code, said = _read(body)
    kind = known or _kind(status, code, said)
    passing = (status in {408, 409, 429} or status >= 500) and code != "insufficient_quota"
    return Refusal(failure(kind, said, status), passing, _seconds(wait))


def told_in_stream(error: object) -> ModelFailure:
    """What an `error` object instead of a chunk means; some gateways put an HTTP status into it."""
    code, said = _read({"error": error})
    status = int(code) if code.isdigit() and len(code) == 3 else None
    kind = _kind(status, code, said) if status or code in _BY_CODE else "UNAVAILABLE"
    return failure(kind, said, status)


def malformed(what: str) -> ModelFailure:
    """The failure of a stream that is not what the protocol says."""
    return failure("STREAM_BROKEN", cause=f"malformed stream: {what}")


def parsed(body: bytes) -> object:
    """The JSON of an error's body; None for pages of HTML and the like."""
    try:
        return jsontext.loads(body)
    except orjson.JSONDecodeError:
        return None


def redact(text: str, longest: int = _LONGEST_SHOWN) -> str:
    """One line without keys, tokens, organisations, or logins and queries of URLs."""
    line = _URL_QUERY.sub(r"\1", _URL_LOGIN.sub(r"\1", " ".join(text.split())))
    line = _SECRETS.sub("[hidden]", line)
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _kind(status: int | None, code: str, said: str) -> str:
    """The kind of failure that a status, an error code and a sentence tell together."""
    if code in _BY_CODE:
        return _BY_CODE[code]
    if status is not None and not 400 <= status < 500:
        return "UNAVAILABLE" if status >= 500 else "NOT_FOUND"
    kind = _BY_STATUS.get(status or 400, "BAD_REQUEST")
    worded = (name for name, pattern in _BY_WORDING if pattern.search(said))
    return next(worded, kind) if kind in _WORDED else kind


def _read(body: object) -> tuple[str, str]:
    """The code and the message of an error body, in any of the shapes that servers use."""
    if isinstance(body, list) and body:
        return _read(body[0])
    if not isinstance(body, dict):
        return "", ""
    error = body.get("error", body)
    if not isinstance(error, dict):
        return "", str(error)
    said = error.get("message") or error.get("detail") or ""
    return _code(error), said if isinstance(said, str) else ""


def _code(error: Mapping[str, Any]) -> str:
    """Azure and Gemini put a status into `code`; the word is then in `type` or `status`."""
    for key in ("code", "type", "status"):
        if error.get(key) in _BY_CODE:
            return str(error[key])
    return str(error.get("code") or "")


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is left to the ordinary wait."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
