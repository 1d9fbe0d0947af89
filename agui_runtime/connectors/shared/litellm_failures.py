"""What the errors that litellm raises mean; knows them by their names and by what led to them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import httpx

from agui_runtime.connectors.shared.chat.failures import (
    FailedAttempt,
    failure,
    parsed,
    refused,
    stream_failure,
)
from agui_runtime.connectors.shared.chat.transport import broken_off, described, unanswered
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.secrets import Secrets

_BY_CLASS: Mapping[str, str] = {
    "ContextWindowExceededError": "CONTEXT_TOO_LONG",
    "ContentPolicyViolationError": "CONTENT_POLICY",
    "AuthenticationError": "AUTHENTICATION",
    "PermissionDeniedError": "PERMISSION",
    "NotFoundError": "NOT_FOUND",
    "RateLimitError": "RATE_LIMITED",
    "APITimeoutError": "TIMEOUT",
    "APIConnectionError": "UNREACHABLE",
    "BadRequestError": "BAD_REQUEST",
    "UnprocessableEntityError": "BAD_REQUEST",
}

_KNOWN_BETTER = frozenset({"CONTEXT_TOO_LONG", "CONTENT_POLICY"})
"""What litellm recognises in the words of providers that give no code for it."""


def refusal(error: Exception, secrets: Secrets, missing: Sequence[str]) -> FailedAttempt:
    """A request that failed; `missing` are the variables with keys that are not set. For most
    providers litellm tells a missing key like any other fault of the provider.
    """
    kind = _kind(error)
    for link in _causes(error):
        if isinstance(link, httpx.HTTPStatusError):
            wait = link.response.headers.get("retry-after")
            known = kind if kind in _KNOWN_BETTER else None
            body = secrets.cut_all(_body(error, link))
            return refused(link.response.status_code, body, wait, known)
        if isinstance(link, httpx.HTTPError):
            return unanswered(link)
    if missing:
        return FailedAttempt(failure("AUTHENTICATION", advice(missing)), passing=False)
    cut = secrets.cut
    reported = failure(kind, cut(_plain(error)), cause=cut(described(error)))
    return FailedAttempt(reported, passing=kind in {"RATE_LIMITED", "UNAVAILABLE", "UNREACHABLE"})


def broken(error: Exception, secrets: Secrets) -> ModelFailure:
    """An answer that stopped in its middle."""
    for link in _causes(error):
        if isinstance(link, httpx.HTTPError):
            return broken_off(link)
        if isinstance(body := getattr(link, "body", None), dict):
            return stream_failure(secrets.cut_all(body))
    kind = _kind(error)
    kind = kind if kind in _KNOWN_BETTER else "STREAM_BROKEN"
    return failure(kind, cause=secrets.cut(described(error)))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; litellm raises its own in the handlers of the original ones."""
    link: BaseException | None = error
    while link is not None:
        yield link
        link = link.__cause__ or link.__context__


def _kind(error: Exception) -> str:
    names = (base.__name__ for base in type(error).__mro__)
    return next((_BY_CLASS[name] for name in names if name in _BY_CLASS), "UNAVAILABLE")


def _body(error: Exception, answered: httpx.HTTPStatusError) -> object:
    """The JSON that came with the refusal; litellm keeps it in different places."""
    for link in _causes(error):
        if isinstance(body := getattr(link, "body", None), dict):
            return {"error": body}
    try:
        return parsed(answered.response.content)
    except httpx.ResponseNotRead:
        return {"message": _plain(error)}


def _plain(error: Exception) -> str:
    """The provider's part of litellm's message."""
    return re.sub(r"^.*?Exception - |^litellm\.\w+: ", "", str(error), count=1)


def advice(missing: Sequence[str]) -> str:
    return f"set {' and '.join(missing)}, or give an api_key"
