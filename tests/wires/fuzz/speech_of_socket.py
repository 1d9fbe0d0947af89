"""`agui-mux.1`, as pages speak it: one of each frame that clients send."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from random import Random

from agui_runtime.wires.websocket.connection import PROTOCOL
from tests.wires.fuzz.jsons import Json
from tests.wires.fuzz.speech import Speech

_TOOL: Json = {"name": "paint", "description": "Paints", "parameters": {"type": "object"}}
_USER: Json = {"role": "user", "content": "hi"}
_TALK: Mapping[str, Json] = {
    "message": [{"type": "text", "text": "hi"}],
    "thread_id": "t-1",
    "run_id": "run-socket",
    "agent": "default",
    "scope": {"domain": "sales"},
    "conversation_history": [_USER],
    "tools": [_TOOL],
    "context": [{"description": "page", "value": "1"}],
    "state": {"n": 1},
    "properties": {"key": "value"},
}
_INPUT: Json = {
    "runId": "run-input",
    "messages": [{"id": "u1", **_USER}],
    "tools": [_TOOL],
    "context": [],
    "state": {},
    "forwardedProps": {"key": "value"},
    "resume": [{"interruptId": "i1", "status": "resolved", "payload": {}}],
}
_CURSOR = "0123456789ab.3"


def _data(kind: str, **fields: Json) -> Json:
    return {"type": "data_request", "kind": kind, **fields}


def _change(kind: str, **fields: Json) -> Json:
    return {"type": "mutation", "kind": kind, "thread_id": "t-1", **fields}


FRAMES: Sequence[Mapping[str, Json]] = (
    {"type": "hello", "protocol": PROTOCOL, "authorization": "Bearer ann", "key": "value"},
    {"type": "ping"},
    {"type": "pong"},
    {"type": "home_request", **_TALK},
    {"type": "home_request", "message": "hi", "agent": "stubborn"},
    {"type": "popup_request", **_TALK, "thread_id": "t-2"},
    {"type": "request", "agent": "asking", "thread_id": "t-2", "input": _INPUT},
    {"type": "request", "input": _INPUT, "thread_id": "t-1", "resume_after": _CURSOR},
    {"type": "attach", "thread_id": "t-1", "after": _CURSOR, "until": "live", "tools": [_TOOL]},
    {"type": "attach", "thread_id": "t-1", "agent": "default", "popup": True},
    {"type": "cancel"},
    {"type": "tool_result", "tool_call_id": "call-run-socket", "content": "1", "error": "no"},
    _data("agents"),
    _data("threads", limit=2, cursor="1764168000.5/t-1", search="hi", include_archived=True),
    _data("thread", thread_id="t-1"),
    _data("messages", thread_id="t-1", limit=2, before="u1"),
    _data("runs", thread_id="t-1"),
    _data("state", thread_id="t-1", agent="default"),
    _data("usage", since=1.5, by="thread"),
    _change("rename_thread", name="One"),
    _change("archive_thread", archived=False),
    _change("delete_thread"),
    _change("add_messages", messages=[_USER]),
    _change("save_state", state={"n": 2}, agent="default", expected_version=1),
    _change("stop_run", run_id="run-socket"),
)


def _made(frame: Mapping[str, Json], random: Random) -> Json:
    is_addressed = frame["type"] not in ("hello", "ping", "pong")
    return {**frame, **({"request_id": random.choice("abc")} if is_addressed else {})}


_MAKERS = [partial(_made, frame) for frame in FRAMES]

_ENDS = re.compile('"type":"(stream_end|error)"')

SOCKET = Speech(
    paths=(*["/copilotkit/socket"] * 12, "/copilotkit/socket/", "/copilotkit/socket/x", "/socket"),
    protocols=(*[(PROTOCOL,)] * 12, (), ("agui-mux.2",), ("x", PROTOCOL)),
    begins=(*[_MAKERS[0]] * 4, *_MAKERS),
    messages=_MAKERS,
    key="request_id",
    last='{"type":"home_request","message":"hi","request_id":"last"}',
    ends=lambda frame: '"request_id":"last"' in frame and _ENDS.search(frame) is not None,
)
