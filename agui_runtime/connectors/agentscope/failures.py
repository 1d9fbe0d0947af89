"""What the exceptions of the model libraries under AgentScope mean."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from agui_runtime.connectors.shared.chat.failures import failure, refused
from agui_runtime.connectors.shared.chat.transport import broken_off, described, unanswered
from agui_runtime.core.errors import RunFailure

# The libraries of OpenAI, Anthropic, DashScope and others share these names.
_KINDS = {
    "APITimeoutError": "TIMEOUT",
    "APIConnectionError": "UNREACHABLE",
    "APIError": "STREAM_BROKEN",
}


def model_failure(error: BaseException, speaking: bool) -> RunFailure | None:
    """The failure of the model that the error tells; None if it is something else.

    `speaking`: the agent had begun to answer, so that a lost connection broke an answer off.
    """
    for link in _causes(error):
        status = getattr(link, "status_code", None)
        if isinstance(status, int):
            body = getattr(link, "body", None) or {"message": str(link)}
            return refused(status, {"error": body}, None).failure
        if isinstance(link, httpx.HTTPError):
            return broken_off(link) if speaking else unanswered(link).failure
    names = [base.__name__ for base in type(error).__mro__]
    kind = next((_KINDS[name] for name in names if name in _KINDS), None)
    return failure(kind, cause=described(error)) if isinstance(error, Exception) and kind else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
