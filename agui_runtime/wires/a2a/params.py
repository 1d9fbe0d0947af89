"""Whether a request in JSON-RPC is one of A2A's, of either generation. Pure.

The SDK's routes look, too, but write a stack trace into the log for each that is wrong, and have
another error for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher

# isort: split
# The module below and the one above import each other, which succeeds in this order only.
from a2a.compat.v0_3 import conversions
from a2a.compat.v0_3.jsonrpc_adapter import JSONRPC03Adapter
from a2a.compat.v0_3.types import (
    MessageSendParams,
    SendMessageRequest,
    SendStreamingMessageRequest,
)
from a2a.utils.errors import InvalidParamsError, InvalidRequestError, MethodNotFoundError
from google.protobuf.json_format import ParseDict, ParseError
from pydantic import ValidationError

from agui_runtime.core.errors import first_fault
from agui_runtime.core.jsontext import Json, JsonObject

_TODAYS = JsonRpcDispatcher.METHOD_TO_MODEL
_FORMER = JSONRPC03Adapter.METHOD_TO_MODEL

METHODS = frozenset({*_TODAYS, *_FORMER})
"""Of both generations: each has names of its own."""

_TO_CORE: Mapping[str, Callable[[Any], object]] = {
    **dict.fromkeys(("message/send", "message/stream"), conversions.to_core_send_message_request),
    "tasks/get": conversions.to_core_get_task_request,
    "tasks/cancel": conversions.to_core_cancel_task_request,
}
"""What makes one of today's of a request of 0.3, where that can fail: the others are but ids."""

_KINDS = ("text", "file", "data")
_MEMBERS = frozenset({"jsonrpc", "id", "method", "params"})


def rpc_id_in(body: Json) -> str | int | None:
    """What the answer is to name."""
    given = body.get("id") if isinstance(body, dict) else None
    return given if isinstance(given, str | int) and not isinstance(given, bool) else None


def check_rpc(body: Json) -> None:
    """Raises InvalidRequestError, MethodNotFoundError or InvalidParamsError."""
    _check_envelope(body)
    method, params = body.get("method"), body.get("params", {})
    if not isinstance(method, str) or not method:
        raise InvalidRequestError("method: the name of one")
    if method not in METHODS:
        raise MethodNotFoundError(f"there is no method {method[:100]!r}")
    if not isinstance(params, dict):
        raise InvalidParamsError("params: an object")
    if method in _FORMER:
        _check_former(method, body)
    else:
        _check_todays(method, params)


def is_former(body: Json) -> bool:
    """Whether a request that was checked is one of 0.3."""
    return isinstance(body, dict) and body["method"] in _FORMER


def _check_envelope(body: Json) -> None:
    if isinstance(body, list):
        raise InvalidRequestError("send one request at a time: there are no batches")
    if not isinstance(body, dict) or body.get("jsonrpc") != "2.0":
        raise InvalidRequestError('the body must be a JSON object with "jsonrpc": "2.0"')
    if body.keys() - _MEMBERS:
        raise InvalidRequestError("a request has jsonrpc, id, method and params, and nothing else")
    if body.get("id") is not None and rpc_id_in(body) is None:
        raise InvalidRequestError("id: a text or a whole number")


def check_former_message(params: MessageSendParams) -> None:
    """Raises what the SDK raises for one of 0.3 that cannot be one of today's."""
    conversions.to_core_send_message_request(SendMessageRequest(id="", params=params))


@contextmanager
def refusing_unreadable() -> Iterator[None]:
    """Raise InvalidParamsError for whatever the libraries raise in the block where they cannot read
    what a client has sent.
    """
    try:
        yield
    except ValidationError as error:
        raise InvalidParamsError(first_fault(error)) from None
    except (ParseError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise InvalidParamsError(f"params: {error}") from None


def _check_todays(method: str, params: JsonObject) -> None:
    with refusing_unreadable():
        ParseDict(params, _TODAYS[method](), ignore_unknown_fields=True)


def _check_former(method: str, body: JsonObject) -> None:
    with refusing_unreadable():
        given = _FORMER[method].model_validate(body)
        if isinstance(given, SendMessageRequest | SendStreamingMessageRequest):
            _check_kinds(body["params"]["message"]["parts"])
        if method in _TO_CORE:
            _TO_CORE[method](given)


def _check_kinds(parts: Iterable[JsonObject]) -> None:
    """The SDK takes a part without a `kind` for what its other fields make it; one with a `type`,
    as `kind` was called before 0.2, means something by it.
    """
    for index, each in enumerate(parts):
        if "kind" not in each and each.get("type", "text") not in _KINDS:
            raise InvalidParamsError(f"message.parts[{index}].kind: one of {', '.join(_KINDS)}")
