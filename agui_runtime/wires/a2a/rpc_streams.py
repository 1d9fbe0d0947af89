"""Streams in JSON-RPC of 1.0. Most of a stream is pieces of text, for each of which the SDK's own
routes would take longer than everything else that is done with it.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from a2a.server.request_handlers.request_handler import RequestHandler
from a2a.types.a2a_pb2 import (
    Artifact,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskArtifactUpdateEvent,
)
from a2a.utils.constants import VERSION_HEADER
from a2a.utils.proto_utils import to_stream_response
from google.protobuf.json_format import MessageToDict, ParseDict

from agui_runtime.core import jsontext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.wires.a2a.call import Call, context_of
from agui_runtime.wires.a2a.task_events import Update

_VERSION = re.compile(r"1(\.\d+)*")

_REQUESTS: Mapping[str, type[SendMessageRequest | SubscribeToTaskRequest]] = {
    "SendStreamingMessage": SendMessageRequest,
    "SubscribeToTask": SubscribeToTaskRequest,
}


def rpc_stream(
    handler: RequestHandler, call: Call, body: Json
) -> AsyncGenerator[bytes, None] | None:
    """The JSON of each frame that answers a request which was checked; None for one that is for the
    SDK's routes: of another method, or of another version.
    """
    version = call.exchange.headers.get(VERSION_HEADER.lower(), "")
    if not isinstance(body, dict) or not _VERSION.fullmatch(version):
        return None
    kind = _REQUESTS.get(body["method"])
    if kind is None:
        return None
    given = ParseDict(body.get("params", {}), kind(), ignore_unknown_fields=True)
    context = context_of(call)
    if isinstance(given, SendMessageRequest):
        updates = handler.on_message_send_stream(given, context)
    else:
        updates = handler.on_subscribe_to_task(given, context)
    return _encoded(updates, call)


async def _encoded(
    updates: AsyncGenerator[Task | Update, None], call: Call
) -> AsyncGenerator[bytes, None]:
    head = jsontext.dumps({"jsonrpc": "2.0", "id": call.exchange.rpc_id})[:-1]
    async with aclosing(updates):
        async for update in updates:
            yield b'%b,"result":%b}' % (head, jsontext.dumps(_result(update)))


def _result(update: Task | Update) -> JsonObject:
    if isinstance(update, TaskArtifactUpdateEvent) and _is_plain(update.artifact):
        return {"artifactUpdate": _piece(update, update.artifact.parts[0].text)}
    made: JsonObject = MessageToDict(to_stream_response(update))
    return made


def _is_plain(artifact: Artifact) -> bool:
    """Whether there is a text in it, and nothing else but its id."""
    parts = artifact.parts
    return (
        len(parts) == 1
        and parts[0].WhichOneof("content") == "text"
        and len(parts[0].ListFields()) == 1
        and not artifact.name
    )


def _piece(update: TaskArtifactUpdateEvent, text: str) -> JsonObject:
    made: JsonObject = {
        "taskId": update.task_id,
        "contextId": update.context_id,
        "artifact": {"artifactId": update.artifact.artifact_id, "parts": [{"text": text}]},
    }
    if update.append:
        made["append"] = True
    if update.last_chunk:
        made["lastChunk"] = True
    return made
