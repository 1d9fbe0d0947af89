"""Whether a request over REST is one of A2A's, of either generation. Pure.

The SDK's routes look, too, but take much of what is wrong for a fault of the server's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from a2a.compat.v0_3.a2a_v0_3_pb2 import (
    CreateTaskPushNotificationConfigRequest,
    SendMessageRequest as FormerRequest,
)
from a2a.compat.v0_3.proto_utils import FromProto
from a2a.types.a2a_pb2 import SendMessageRequest, TaskPushNotificationConfig
from a2a.utils.errors import InvalidParamsError
from google.protobuf.json_format import ParseDict
from starlette.datastructures import QueryParams

from agui_runtime.core.jsontext import Json
from agui_runtime.wires.a2a.params import check_former_message, refusing_unreadable

_MOST = 2**31
_LONGEST = 100
"""Characters of a number. Of thousands of digits Python says how its limit is raised."""

_NUMBERS = ("historyLength", "history_length", "pageSize")


def check_body(rest: Sequence[str], body: Json) -> None:
    """Raises InvalidParamsError for a body that is none for the path."""
    check = _BODIES.get(_shape(rest))
    if check is not None:
        if not isinstance(body, dict):
            raise InvalidParamsError("the body must be a JSON object")
        with refusing_unreadable():
            check(body)


def query_of(rest: Sequence[str], query: QueryParams) -> QueryParams:
    """The query as the SDK's routes read it: of 0.3, they know one spelling of the two that
    parameters of its protocol buffers have. Raises InvalidParamsError for a number that is none.
    """
    for name in _NUMBERS:
        if len(query.get(name, "")) > _LONGEST:
            raise InvalidParamsError(f"{name}: a smaller number")
    if _shape(rest) != "v1/tasks/*":
        return query
    named = [
        ("historyLength" if key == "history_length" else key, each)
        for key, each in query.multi_items()
    ]
    length = dict(named).get("historyLength", "")
    if length:
        with refusing_unreadable():
            if not -_MOST <= int(length) < _MOST:
                raise InvalidParamsError("historyLength: a smaller number")
    return QueryParams(named)


def _shape(rest: Sequence[str]) -> str:
    """The path with * for the id of a task."""
    before = ["", *rest]
    return "/".join("*" if before[at] == "tasks" else each for at, each in enumerate(rest))


def _message(body: Json) -> None:
    ParseDict(body, SendMessageRequest(), ignore_unknown_fields=True)


def _push(body: Json) -> None:
    ParseDict(body, TaskPushNotificationConfig(), ignore_unknown_fields=True)


def _former_message(body: Json) -> None:
    given = FormerRequest()
    ParseDict(body, given, ignore_unknown_fields=True)
    check_former_message(FromProto.message_send_params(given))


def _former_push(body: Json) -> None:
    given = CreateTaskPushNotificationConfigRequest()
    ParseDict(body, given, ignore_unknown_fields=True)
    FromProto.task_push_notification_config_request(given)


_BODIES: Mapping[str, Callable[[Json], None]] = {
    "message:send": _message,
    "message:stream": _message,
    "tasks/*/pushNotificationConfigs": _push,
    "v1/message:send": _former_message,
    "v1/message:stream": _former_message,
    "v1/tasks/*/pushNotificationConfigs": _former_push,
}
