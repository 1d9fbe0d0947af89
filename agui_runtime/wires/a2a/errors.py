"""Errors as A2A's clients get them: JSON-RPC's object, or google.rpc's where a route is REST. Pure.

What the protocol has an error for is answered as it says; what it leaves to HTTP, such as
credentials and quotas, has HTTP's status besides.
"""

from __future__ import annotations

from a2a.utils.error_handlers import build_error_details, build_rest_error_payload
from a2a.utils.errors import (
    JSON_RPC_ERROR_CODE_MAP,
    A2AError,
    ContentTypeNotSupportedError,
    InternalError,
    InvalidRequestError,
    JSONParseError,
)

from agui_runtime.core.errors import AguiError, InvalidInput, RequestError
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.shared.exchange import ErrorAnswer
from agui_runtime.wires.shared.table import WrongMethod

OURS = -32000
"""JSON-RPC's code for an error of the server's own: A2A's begin below it."""

_INFO = "type.googleapis.com/google.rpc.ErrorInfo"


class NotThere(RequestError):
    """Nothing is at this path."""

    code, status = "NOT_FOUND", 404


def rpc_refusal(error: Exception, id_: str | int | None) -> ErrorAnswer:
    """The answer to a request in JSON-RPC that failed."""
    known = _known(error, JSONParseError)
    if known is not None:
        code, details = JSON_RPC_ERROR_CODE_MAP[type(known)], build_error_details(known)
        shown = {"code": code, "message": known.message, "data": details}
        return ErrorAnswer(200, _envelope(id_, shown), is_fault=isinstance(known, InternalError))
    shown = {"code": OURS, "message": str(error), "data": [_info(error)]}
    status = _status(error)
    return ErrorAnswer(status, _envelope(id_, shown), _headers(error), status >= 500)


def rest_refusal(error: Exception) -> ErrorAnswer:
    """The same of a REST route."""
    known = _known(error, InvalidRequestError)
    if known is not None:
        payload, is_fault = build_rest_error_payload(known), isinstance(known, InternalError)
        if isinstance(known, ContentTypeNotSupportedError):
            payload["error"]["code"] = _WRONG_TYPE
        return ErrorAnswer(payload["error"]["code"], payload, is_fault=is_fault)
    status = _status(error)
    shown = {
        "code": status,
        "status": _STATUSES.get(status, "UNKNOWN"),
        "message": str(error),
        "details": [_info(error)],
    }
    return ErrorAnswer(status, {"error": shown}, _headers(error), status >= 500)


_WRONG_TYPE = 415
"""By the protocol's own table (5.4), from which the SDK differs."""

_STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def _envelope(id_: str | int | None, error: JsonObject) -> JsonObject:
    return {"jsonrpc": "2.0", "id": id_, "error": error}


def _known(error: Exception, unreadable: type[A2AError]) -> A2AError | None:
    """The protocol's own error, if it has one; of what is not ours nothing is shown."""
    if isinstance(error, A2AError):
        return error
    if isinstance(error, InvalidInput):  # a body that is no JSON
        return unreadable(error.message)
    return None if isinstance(error, AguiError) else InternalError("the server failed; see its log")


def _status(error: Exception) -> int:
    return error.status if isinstance(error, AguiError) else 500


def _info(error: Exception) -> JsonObject:
    code = error.code if isinstance(error, AguiError) else AguiError.code
    return {"@type": _INFO, "reason": code, "domain": "agui_runtime", "metadata": {}}


def _headers(error: Exception) -> list[tuple[bytes, bytes]]:
    return [(b"allow", error.methods.encode())] if isinstance(error, WrongMethod) else []
