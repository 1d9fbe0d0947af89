"""The official SDK's client of A2A, in either generation."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from a2a.client import Client
from a2a.types.a2a_pb2 import CancelTaskRequest, SendMessageRequest, StreamResponse
from google.protobuf.json_format import MessageToDict, ParseDict

from tests.wires.a2a.serving import sending
from tests.wires.visitors import visitor
from tests.wires.visitors.visitor import Received, Turn

ENDINGS = {
    "TASK_STATE_COMPLETED": "finished",
    "TASK_STATE_INPUT_REQUIRED": "asking",
    "TASK_STATE_FAILED": "failed",
    "TASK_STATE_CANCELED": "cancelled",
}


class A2AClient(visitor.Client):
    """Sends what is new; the task goes on where that is an answer."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        task = _Task()
        async for update in self._client.send_message(_message(turn)):
            task.add(update)
            yield task.received

    async def stop(self, received: Received) -> bool:
        await self._client.cancel_task(CancelTaskRequest(id=received["_task"]))
        return True


def _message(turn: Turn) -> SendMessageRequest:
    if not turn.answers:
        return sending(turn.newest["content"], context_id=turn.thread)
    assert turn.earlier is not None
    made = sending("", context_id=turn.thread, task_id=turn.earlier["_task"])
    del made.message.parts[:]
    for each in turn.answers:
        data = {"interruptId": each["interruptId"], "payload": each["payload"]}
        ParseDict({"data": data}, made.message.parts.add())
    return made


class _Task:
    """What a task has become."""

    def __init__(self) -> None:
        self.received: dict[str, Any] = {"text": "", "state": None}

    def add(self, update: StreamResponse) -> None:
        made = MessageToDict(update)
        about = made.get("task") or made.get("statusUpdate") or made["artifactUpdate"]
        self.received["thread"] = about["contextId"]
        self.received["_task"] = about.get("taskId") or about["id"]
        if state := ENDINGS.get(about.get("status", {}).get("state", "")):
            self.received["ending"] = state
        for artifact in about.get("artifacts", [about.get("artifact", {})]):
            for part in artifact.get("parts", ()):
                self._add(part)

    def _add(self, part: dict[str, Any]) -> None:
        if "data" in part:
            self.received["state"] = part["data"]
        else:
            self.received["text"] += part["text"]
