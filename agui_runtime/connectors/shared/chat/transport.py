"""What failures of the connection to a model provider mean; opens none itself."""

from __future__ import annotations

import httpx

from agui_runtime.connectors.shared.chat.failures import FailedAttempt, failure
from agui_runtime.core.errors import ModelFailure


def unanswered(error: httpx.HTTPError) -> FailedAttempt:
    """A request that got no answer. Who waited out a silence is not made to wait once more."""
    reached = not isinstance(error, httpx.ConnectTimeout)
    silent = reached and isinstance(error, httpx.TimeoutException)
    reported = failure("TIMEOUT" if silent else "UNREACHABLE", cause=described(error))
    return FailedAttempt(reported, passing=not silent)


def broken_off(error: httpx.HTTPError) -> ModelFailure:
    """An answer that stopped in its middle."""
    silent = isinstance(error, httpx.TimeoutException)
    return failure("TIMEOUT" if silent else "STREAM_BROKEN", cause=described(error))


def described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
