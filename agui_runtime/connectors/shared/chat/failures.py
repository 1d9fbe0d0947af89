"""Turns what a model provider refuses into ModelFailure, with messages that are safe to show.

The provider's own sentence is kept where it helps whoever set up the agent, without anything that
looks like a secret. What a provider says about faults of its own is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from agui_runtime.connectors.shared.chat.dialects import (
    CHOICES,
    CODES_OF_FAILURES,
    SENTENCES,
    at,
    found,
)
from agui_runtime.connectors.shared.chat.framing import read
from agui_runtime.core.errors import ModelFailure, RunFailure
from agui_runtime.core.jsontext import Json
from agui_runtime.core.secrets import redact

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

_KEY_MISSING = (
    "the model provider wants an API key, and none was sent: set AGUI_API_KEY, or give the agent "
    "api_key=... (OPENAI_API_KEY is sent to OpenAI itself and nowhere else)"
)

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
    "rate_limit_error": "RATE_LIMITED",
    "resource_exhausted": "RATE_LIMITED",
    "responsibleaipolicyviolation": "CONTENT_POLICY",
    "authentication_error": "AUTHENTICATION",
    "unauthenticated": "AUTHENTICATION",
    "permission_error": "PERMISSION",
    "permission_denied": "PERMISSION",
    "not_found_error": "NOT_FOUND",
    "overloaded_error": "UNAVAILABLE",
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

_OUR_FAULTS = frozenset({"UNREACHABLE", "TIMEOUT", "STREAM_BROKEN"})
"""Kinds that we find out without a provider's message: what is known of them is for the log."""

_INTERNAL = re.compile(
    r"Traceback|\bFile \"|<[a-z!][^>]*>|\b[A-Z]:\\|\b0x[0-9a-f]{6,}"
    r"|\.(?:py|js|ts|go|rs|cc|cpp|cu):\d"
    r"|(?<![\w:/.])/(?:[\w.-]+/)+[\w.-]+",
    re.I,
)
"""What no sentence for users has: stack traces, pages of HTML, addresses and paths of a machine."""

_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.I | re.DOTALL)
_ERRORS = (("error",), ("choices", "error"), ("x_groq", "error"), ("response", "error"))
_WITHIN = ("error", "errors", "base_resp", "fault", "detail", "data")
"""Where an object about a failure has another one about it."""
_LONGEST_LOGGED = 2000


class ProviderMessage(Exception):
    """The cause of a ModelFailure, for the log: the provider's message, without secrets."""


class FailedAttempt(Exception):
    """One failed attempt. `passing`: another may succeed, after `wait` seconds if given."""

    def __init__(self, failure: RunFailure, passing: bool, wait: float | None = None) -> None:
        super().__init__(failure.message)
        self.failure = failure
        self.passing = passing
        self.wait = wait


def failure(
    kind: str, message: str = "", status: int | None = None, *, cause: str | None = None
) -> ModelFailure:
    """The failure of that kind. Users see `message` where it holds nothing internal; the log gets
    `cause`, or `message` where there is none.
    """
    detail = "" if kind in _OUR_FAULTS or _INTERNAL.search(message) else redact(message)
    note = ": ".join(note for note in (str(status or ""), detail) if note)
    made = ModelFailure(kind, f"{ADVICE[kind]} ({note})" if note else ADVICE[kind], status)
    if logged := redact(message if cause is None else cause, _LONGEST_LOGGED):
        made.__cause__ = ProviderMessage(logged)
    return made


def refused(
    status: int, body: object, wait: str | None = None, known: str | None = None
) -> FailedAttempt:
    """What an HTTP status other than 200 means; `body` is its JSON, `wait` its Retry-After.

    `known` is the kind of failure, where somebody else has found it out.
    """
    code, message = _read(body)
    kind = known or _kind(status, code, message)
    passing = (status in {408, 409, 429} or status >= 500) and code != "insufficient_quota"
    return FailedAttempt(failure(kind, message, status), passing, _seconds(wait))


def refused_without_key(attempt: FailedAttempt) -> FailedAttempt:
    """The same of a request that had no key: then no wrong one is to be looked for."""
    failure = attempt.failure
    if not isinstance(failure, ModelFailure) or ADVICE["AUTHENTICATION"] not in failure.message:
        return attempt
    message = failure.message.replace(ADVICE["AUTHENTICATION"], _KEY_MISSING)
    made = ModelFailure("AUTHENTICATION", message, failure.upstream)
    made.__cause__ = failure.__cause__
    return FailedAttempt(made, attempt.passing, attempt.wait)


def stream_failure(error: object) -> ModelFailure:
    """What an `error` object instead of a chunk means; some gateways put an HTTP status into it."""
    code, message = _read(error)
    status = int(code) if code.isdecimal() and len(code) == 3 and code >= "400" else None
    worded = _by_wording(message)
    kind = _kind(status, code, message) if status or code.lower() in _BY_CODE else worded
    return failure(kind or "UNAVAILABLE", message, status)


def failed(value: Mapping[str, Json], event: str = "") -> object:
    """The error in an object of a stream; None where it reports none.

    That is `error`, wherever servers put it, an event that is named so, and an object without
    choices that says something.
    """
    error = next((error for path in _ERRORS if (error := at(value, path))), None)
    if error is not None:
        beside = {key: value[key] for key in (*CODES_OF_FAILURES, *SENTENCES) if key in value}
        if isinstance(error, int):
            return {**beside, "code": error}
        return error if isinstance(error, dict) else {**beside, "message": error}
    if found(value, CHOICES) or "usage" in value:
        return None
    if event == "error" or "error" in (value.get("object"), value.get("type")):
        return value
    if value.get("errors") or at(value, ("base_resp", "status_code")):
        return value
    sentences = (value.get(key) for key in SENTENCES)
    return value if any(each and isinstance(each, str | list) for each in sentences) else None


def malformed(what: str) -> ModelFailure:
    """The failure of a stream that is not what the protocol says."""
    return failure("STREAM_BROKEN", cause=f"malformed stream: {what}")


def parsed(body: bytes) -> object:
    """What a refusal says: the JSON of its body, in an event stream too; else its sentence, which
    of a page of HTML is the title.
    """
    text = body.decode(errors="replace").strip()
    for candidate in (text, text.partition("data:")[2].partition("\n\n")[0]):
        value = read(candidate.encode())
        if isinstance(value, dict | list) or (isinstance(value, str) and value):
            return value
    return sentence(text)


def sentence(text: str) -> str:
    """What can be shown of text that is no JSON."""
    if title := _TITLE.search(text):
        return " ".join(title[1].split())
    return "" if "<" in text[:200] and ">" in text else text[:_LONGEST_LOGGED]


def _kind(status: int | None, code: str, message: str) -> str:
    """The kind of failure that a status, an error code and a sentence tell together."""
    if code.lower() in _BY_CODE:
        return _BY_CODE[code.lower()]
    if status is not None and not 400 <= status < 500:
        return "UNAVAILABLE" if status >= 500 else "NOT_FOUND"
    kind = _BY_STATUS.get(status or 400, "BAD_REQUEST")
    return _by_wording(message) or kind if kind in _WORDED else kind


def _by_wording(message: str) -> str:
    return next((name for name, pattern in _BY_WORDING if pattern.search(message)), "")


def _read(body: object, depth: int = 0) -> tuple[str, str]:
    """The code and the message of an error body, in any of the shapes that servers use."""
    if isinstance(body, list) and body:
        return _read(body[0], depth)
    if isinstance(body, str):
        return _read_text(body, depth)
    if not isinstance(body, dict) or depth > 4:
        return "", ""
    inner = next((body[key] for key in _WITHIN if isinstance(body.get(key), dict | list)), None)
    sentences = (body[key] for key in SENTENCES if body.get(key))
    found = _read(inner, depth + 1) if inner else ("", "")
    message = found[1] or next((text for text in map(_words, sentences) if text), "")
    code, message = found[0] or _code(body), message
    more = _read(raw, depth + 1) if (raw := at(body, ("metadata", "raw"))) else ("", "")
    return code or more[0], more[1] or message


def _read_text(text: str, depth: int) -> tuple[str, str]:
    """A sentence, or the JSON that a gateway passes on as text."""
    within = read(text.encode()) if text.lstrip().startswith(("{", "[")) else None
    code, message = _read(within, depth + 1) if isinstance(within, dict | list) else ("", "")
    return code, message or text


def _words(value: object) -> str:
    """The sentence in what stands under a key: FastAPI lists faults, with a `msg` each."""
    if isinstance(value, str):
        return _read_text(value, 3)[1]
    return _read(value, 3)[1] if isinstance(value, dict | list) else ""


def _code(error: Mapping[str, Json]) -> str:
    """Azure and Gemini put a status into `code`; the word is then in `type` or `status`."""
    codes = [str(error[key]) for key in CODES_OF_FAILURES if isinstance(error.get(key), str | int)]
    known = (code for code in codes if code.lower() in _BY_CODE)
    numbers = (code for code in codes if len(code) == 3 and code.isdecimal())
    return next(known, next(numbers, codes[0] if codes else ""))


def _seconds(text: str | None) -> float | None:
    """Retry-After in seconds; the form with a date is left to the ordinary wait."""
    try:
        return max(0.0, float(text)) if text else None
    except ValueError:
        return None
