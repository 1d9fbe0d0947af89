"""What a client gets where a request fails: a status and `{"code", "message", "requestId"}`."""

from __future__ import annotations

from agui_runtime.core.errors import AguiError, RequestError
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.http import Headers
from agui_runtime.wires.shared.table import WrongMethod


class NothingHere(RequestError):
    """No route has this path."""

    code, status = "NOT_FOUND", 404

    def __init__(self) -> None:
        super().__init__("there is nothing at this path; /openapi.json lists what there is")


class NotResumable(RequestError):
    """The run waits for no answer: it was given one, ended otherwise, or still runs."""

    code, status = "RUN_NOT_RESUMABLE", 409


class InternalError(AguiError):
    """Stands for what nobody expected, of which nothing is shown."""

    def __init__(self) -> None:
        super().__init__("something went wrong; see the server's log")


def refusal_of(error: Exception, request_id: str) -> ErrorAnswer:
    """An error as a response."""
    shown = error if isinstance(error, AguiError) else InternalError()
    body = {"code": shown.code, "message": shown.message, "requestId": request_id}
    is_fault = shown.status >= 500 and (shown is not error or _is_ours(shown))
    return ErrorAnswer(shown.status, body, _headers(shown), is_fault)


def _is_ours(error: AguiError) -> bool:
    """Whether somebody has to look into it; not where a service was never set up."""
    return error.code != "service_not_configured"


def _headers(error: AguiError) -> Headers:
    return [(b"allow", error.methods.encode())] if isinstance(error, WrongMethod) else []
