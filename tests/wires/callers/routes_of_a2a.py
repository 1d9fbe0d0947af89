"""Examples for what the wire of A2A answers: both generations, as JSON-RPC and as REST."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agui_runtime.wires.a2a.task_ids import task_id
from agui_runtime.wires.shared.self_describing_ids import Place
from tests.wires.callers.example import Example

RPC = "/a2a/{agent}"
"""Where every method in JSON-RPC is called."""

_WAITING = "/a2a/waiting"
_ENDED = task_id(Place("t1", "r1"))
_LIVE = task_id(Place("t2", "r2"))

FILLED_IN_A2A = {"id": _ENDED, "push_id": "p1"}

FAR = "https://far.test/"
"""A webhook; nothing that is done here calls it."""

_TODAY = {"a2a-version": "1.0"}

_MESSAGE = {
    "messageId": "m1",
    "contextId": "t1",
    "role": "ROLE_USER",
    "parts": [{"text": "hi"}],
}
_FORMER_MESSAGE = {
    "kind": "message",
    "messageId": "m1",
    "contextId": "t1",
    "role": "user",
    "parts": [{"kind": "text", "text": "hi"}],
}
_FORMER_MESSAGE_OVER_REST = {
    "messageId": "m1",
    "contextId": "t1",
    "role": "ROLE_USER",
    "content": [{"text": "hi"}],
}
_PUSH = {"taskId": _ENDED, "id": "p1", "url": FAR}
_FORMER_PUSH = {"taskId": _ENDED, "pushNotificationConfig": {"url": FAR}}
_FORMER_PUSH_OVER_REST = {
    "parent": f"tasks/{_ENDED}",
    "configId": "p1",
    "config": {"pushNotificationConfig": {"url": FAR, "id": "p1"}},
}


def _today(body: object = None, **more: Any) -> Example:  # noqa: ANN401  # fields of Example
    return Example(body, headers=_TODAY, **more)


CARDS: Mapping[str, Example] = {
    f"GET {below}/.well-known/{name}": Example(shows=True)
    for below in (RPC, "")
    for name in ("agent-card.json", "agent.json")
}

CALLS: Mapping[str, Example] = {
    "SendMessage": _today({"message": _MESSAGE}, shows=True),
    "SendStreamingMessage": _today({"message": _MESSAGE}, shows=True),
    "GetTask": _today({"id": _ENDED}, shows=True),
    "ListTasks": _today({"includeArtifacts": True}, shows=True, empty=True),
    "CancelTask": _today({"id": _LIVE}, path=_WAITING),
    "SubscribeToTask": _today({"id": _LIVE}, path=_WAITING, endless=True),
    "CreateTaskPushNotificationConfig": _today(_PUSH),
    "GetTaskPushNotificationConfig": _today({"taskId": _ENDED, "id": "p1"}),
    "ListTaskPushNotificationConfigs": _today({"taskId": _ENDED}),
    "DeleteTaskPushNotificationConfig": _today({"taskId": _ENDED, "id": "p1"}),
    "GetExtendedAgentCard": _today({}, open=True),
    "message/send": Example({"message": _FORMER_MESSAGE}, shows=True),
    "message/stream": Example({"message": _FORMER_MESSAGE}, shows=True),
    "tasks/get": Example({"id": _ENDED}, shows=True),
    "tasks/cancel": Example({"id": _LIVE}, path=_WAITING),
    "tasks/resubscribe": Example({"id": _LIVE}, path=_WAITING, endless=True),
    "tasks/pushNotificationConfig/set": Example(_FORMER_PUSH),
    "tasks/pushNotificationConfig/get": Example({"id": _ENDED}),
    "tasks/pushNotificationConfig/list": Example({"id": _ENDED}),
    "tasks/pushNotificationConfig/delete": Example(
        {"id": _ENDED, "pushNotificationConfigId": "p1"}
    ),
    "agent/getAuthenticatedExtendedCard": Example({}, open=True),
}
"""By their names. What is not supported is refused whoever wants it, in an answer of status 200."""

_PUSHES = "tasks/{id}/pushNotificationConfigs"

OVER_REST: Mapping[str, Example] = {
    f"POST {RPC}/message:send": _today({"message": _MESSAGE}, shows=True),
    f"POST {RPC}/message:stream": _today({"message": _MESSAGE}, shows=True),
    f"GET {RPC}/tasks/{{id}}": _today(shows=True),
    f"GET {RPC}/tasks": _today(
        path="/a2a/default/tasks?includeArtifacts=true", shows=True, empty=True
    ),
    f"POST {RPC}/tasks/{{id}}:cancel": _today({}, path=f"{_WAITING}/tasks/{_LIVE}:cancel"),
    **{
        f"{method} {RPC}/tasks/{{id}}:subscribe": _today(
            path=f"{_WAITING}/tasks/{_LIVE}:subscribe", endless=True
        )
        for method in ("GET", "POST")
    },
    f"POST {RPC}/{_PUSHES}": _today(_PUSH),
    f"GET {RPC}/{_PUSHES}": _today(),
    f"GET {RPC}/{_PUSHES}/{{push_id}}": _today(status=404),
    f"DELETE {RPC}/{_PUSHES}/{{push_id}}": _today(),
    f"GET {RPC}/extendedAgentCard": _today(open=True, status=400),
    f"POST {RPC}/v1/message:send": Example({"message": _FORMER_MESSAGE_OVER_REST}, shows=True),
    f"POST {RPC}/v1/message:stream": Example({"message": _FORMER_MESSAGE_OVER_REST}, shows=True),
    f"GET {RPC}/v1/tasks/{{id}}": Example(shows=True),
    f"POST {RPC}/v1/tasks/{{id}}:cancel": Example({}, path=f"{_WAITING}/v1/tasks/{_LIVE}:cancel"),
    **{
        f"{method} {RPC}/v1/tasks/{{id}}:subscribe": Example(
            path=f"{_WAITING}/v1/tasks/{_LIVE}:subscribe", endless=True
        )
        for method in ("GET", "POST")
    },
    f"POST {RPC}/v1/{_PUSHES}": Example(_FORMER_PUSH_OVER_REST),
    f"GET {RPC}/v1/{_PUSHES}": Example(),
    f"GET {RPC}/v1/{_PUSHES}/{{push_id}}": Example(status=404),
    f"DELETE {RPC}/v1/{_PUSHES}/{{push_id}}": Example(),
    f"GET {RPC}/v1/card": Example(open=True, status=400),
}
