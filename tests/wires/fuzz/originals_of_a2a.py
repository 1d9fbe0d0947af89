"""A valid request for each method and route of A2A, in both generations and both bindings."""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.wires.a2a.task_ids import task_id
from agui_runtime.wires.shared.self_describing_ids import Place
from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.original import Original

WEBHOOK = "https://127.0.0.1:9/"
"""Where nobody listens."""

_AGENT = "/a2a/default"
_ASKING = "/a2a/asking"
_STUBBORN = "/a2a/stubborn"
_TODAY = {"a2a-version": "1.0"}
_ENDED = task_id(Place("t-1", "run-default"))
_WAITS = task_id(Place("t-2", "run-asking"))


def of_a2a() -> list[Original]:
    return [*_calls(), *_former_calls(), *_routes(), *_former_routes(), *_cards()]


def _message(**more: Json) -> dict[str, Json]:
    parts: Json = [
        {"text": "hi", "metadata": {"n": 1}},
        {"raw": "eA==", "mediaType": "image/png", "filename": "a.png"},
        {"url": "http://x.test/y.pdf", "mediaType": "application/pdf"},
        {"data": {"n": [1, None, 2.5]}},
    ]
    return {
        "messageId": "m-1",
        "contextId": "t-1",
        "role": "ROLE_USER",
        "parts": parts,
        "metadata": {"key": "value"},
        "extensions": ["http://x.test/e"],
        "referenceTaskIds": [_ENDED],
        **more,
    }


def _sending(**more: Json) -> dict[str, Json]:
    asked: Json = {"historyLength": 2, "acceptedOutputModes": ["text/plain"]}
    return {"message": _message(**more), "configuration": asked, "metadata": {"other": 1}}


def _endless() -> dict[str, Json]:
    """On a thread of its own: whoever reads to the end of another's run would wait for it."""
    return _sending(contextId="t-3")


def _answering() -> dict[str, Json]:
    entry: Json = {"interruptId": "i1", "status": "resolved", "payload": {"n": 1}}
    return _sending(contextId="t-2", taskId=_WAITS, parts=[{"data": entry}])


_PAGE: Mapping[str, Json] = {
    "contextId": "t-1",
    "status": "TASK_STATE_COMPLETED",
    "pageSize": 2,
    "pageToken": "MTc2NDE2ODAwMC41IHRhc2tfeA==",
    "historyLength": 1,
    "statusTimestampAfter": "2026-01-01T00:00:00Z",
    "includeArtifacts": True,
}
_PUSH: Mapping[str, Json] = {"taskId": _ENDED, "id": "p1", "url": WEBHOOK}


def _calls() -> list[Original]:
    one: Json = {"id": _ENDED, "historyLength": 1}
    at_once: Json = _sending() | {"configuration": {"returnImmediately": True}}
    pushed: Json = {"taskId": _ENDED, "id": "p1"}
    return [
        _called("SendMessage", _sending()),
        _called("SendMessage", at_once),
        _called("SendMessage", _sending(contextId="t-2"), path=_ASKING),
        _called("SendMessage", _answering(), path=_ASKING),
        _called("SendStreamingMessage", _sending()),
        _called("SendStreamingMessage", _endless(), path=_STUBBORN, endless=True),
        _called("GetTask", one),
        _called("ListTasks", {**_PAGE}),
        _called("CancelTask", {"id": _WAITS, "metadata": {}}, path=_ASKING),
        _called("SubscribeToTask", {"id": _WAITS}, path=_ASKING, endless=True),
        _called("CreateTaskPushNotificationConfig", {**_PUSH}),
        _called("GetTaskPushNotificationConfig", pushed),
        _called("ListTaskPushNotificationConfigs", {"taskId": _ENDED, "pageSize": 2}),
        _called("DeleteTaskPushNotificationConfig", pushed),
        _called("GetExtendedAgentCard", {}),
    ]


def _called(
    method: str,
    params: Json,
    headers: Mapping[str, str] = _TODAY,
    path: str = _AGENT,
    *,
    endless: bool = False,
) -> Original:
    body: Json = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return Original("POST", path, headers=headers, body=body, endless=endless)


def _former_message(**more: Json) -> dict[str, Json]:
    parts: Json = [
        {"kind": "text", "text": "hi", "metadata": {"n": 1}},
        {"kind": "file", "file": {"bytes": "eA==", "mimeType": "image/png", "name": "a.png"}},
        {"kind": "file", "file": {"uri": "http://x.test/y.pdf"}},
        {"kind": "data", "data": {"n": [1, None, 2.5]}},
    ]
    return {
        "kind": "message",
        "messageId": "m-1",
        "contextId": "t-1",
        "role": "user",
        "parts": parts,
        "metadata": {"key": "value"},
        **more,
    }


def _former_calls() -> list[Original]:
    asked: Json = {"blocking": True, "historyLength": 2, "acceptedOutputModes": ["text/plain"]}
    sending: Json = {"message": _former_message(), "configuration": asked}
    endless: Json = {"message": _former_message(contextId="t-3"), "configuration": asked}
    answer = _former_message(contextId="t-2", taskId=_WAITS)
    push: Json = {"taskId": _ENDED, "pushNotificationConfig": {"url": WEBHOOK}}
    pushed: Json = {"id": _ENDED, "pushNotificationConfigId": "p1"}
    return [
        _former("message/send", sending),
        _former("message/send", {"message": answer}, path=_ASKING),
        _former("message/stream", sending),
        _former("message/stream", endless, path=_STUBBORN, endless=True),
        _former("tasks/get", {"id": _ENDED, "historyLength": 1}),
        _former("tasks/cancel", {"id": _WAITS}, path=_ASKING),
        _former("tasks/resubscribe", {"id": _WAITS}, path=_ASKING, endless=True),
        _former("tasks/pushNotificationConfig/set", push),
        _former("tasks/pushNotificationConfig/get", pushed),
        _former("tasks/pushNotificationConfig/list", {"id": _ENDED}),
        _former("tasks/pushNotificationConfig/delete", pushed),
        _former("agent/getAuthenticatedExtendedCard", {}),
    ]


def _former(method: str, params: Json, path: str = _AGENT, *, endless: bool = False) -> Original:
    return _called(method, params, {}, path, endless=endless)


def _routes() -> list[Original]:
    listed = [(key, str(value)) for key, value in _PAGE.items()]
    one, pushes = f"{_AGENT}/tasks/{_ENDED}", f"{_AGENT}/tasks/{_ENDED}/pushNotificationConfigs"
    waits = f"{_ASKING}/tasks/{_WAITS}"
    return [
        _routed("POST", f"{_AGENT}/message:send", body=_sending()),
        _routed("POST", f"{_ASKING}/message:send", body=_answering()),
        _routed("POST", f"{_AGENT}/message:stream", body=_sending()),
        Original("GET", one, [("historyLength", "1")], _TODAY),
        Original("GET", f"{_AGENT}/tasks", listed, _TODAY),
        _routed("POST", f"{waits}:cancel", body={"metadata": {}}),
        Original("GET", f"{waits}:subscribe", headers=_TODAY, endless=True),
        Original("POST", f"{waits}:subscribe", headers=_TODAY, endless=True),
        _routed("POST", pushes, body={**_PUSH}),
        _routed("GET", pushes),
        _routed("GET", f"{pushes}/p1"),
        _routed("DELETE", f"{pushes}/p1"),
        _routed("GET", f"{_AGENT}/extendedAgentCard"),
    ]


def _routed(method: str, path: str, body: Json = None) -> Original:
    return Original(method, path, headers=_TODAY, body=body)


def _former_routes() -> list[Original]:
    content: Json = [
        {"text": "hi"},
        {"file": {"fileWithBytes": "eA==", "mimeType": "image/png"}},
        {"file": {"fileWithUri": "http://x.test/y.pdf"}},
        {"data": {"data": {"n": 1}}},
    ]
    message: Json = {"messageId": "m-1", "contextId": "t-1", "role": "ROLE_USER"}
    sending: Json = {"message": message | {"content": content}, "configuration": {"blocking": True}}
    one, waits = f"{_AGENT}/v1/tasks/{_ENDED}", f"{_ASKING}/v1/tasks/{_WAITS}"
    pushes = f"{one}/pushNotificationConfigs"
    pushed: Json = {"url": WEBHOOK, "id": "p1", "token": "t"}
    push: Json = {"parent": one, "configId": "p1", "config": {"pushNotificationConfig": pushed}}
    return [
        Original("POST", f"{_AGENT}/v1/message:send", body=sending),
        Original("POST", f"{_AGENT}/v1/message:stream", body=sending),
        Original("GET", one, [("historyLength", "1")]),
        Original("POST", f"{waits}:cancel", body={}),
        Original("GET", f"{waits}:subscribe", endless=True),
        Original("POST", f"{waits}:subscribe", endless=True),
        Original("POST", pushes, body=push),
        Original("GET", pushes),
        Original("GET", f"{pushes}/p1"),
        Original("DELETE", f"{pushes}/p1"),
        Original("GET", f"{_AGENT}/v1/card"),
    ]


def _cards() -> list[Original]:
    return [
        Original("GET", f"{below}/.well-known/{name}")
        for below in (_AGENT, "")
        for name in ("agent-card.json", "agent.json")
    ]
