"""An agent that is one function: it says what the model server would, without any model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from tests.connectors import story
from tests.fakes import replies

_BREAK = re.compile(r"\[(midfail|hang):(\d+)\]")


async def narrator(request: RunAgentInput) -> AsyncIterator[Event]:
    """Tells stories."""
    body = _body(request)
    if _answered(request):
        [call] = body["messages"][-1]["tool_calls"]
        result = story.weather("Oslo")
        body["messages"].append({"role": "tool", "content": result})
        ids = {"messageId": uuid4().hex, "toolCallId": call["id"], "role": "tool"}
        yield {"type": "TOOL_CALL_RESULT", **ids, "content": result}
    if "[state]" in replies.prompt(body):
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"steps": 0}}
        change = {"op": "replace", "path": "/steps", "value": 1}
        yield {"type": "STATE_DELTA", "delta": [change]}
    telling = _Telling()
    broken = _BREAK.search(replies.prompt(body))
    for number, (delta, _) in enumerate(replies.deltas(body, len(request.messages), {})):
        if broken and number == int(broken[2]):
            await _break(broken[1])
        for event in telling.feed(delta):
            yield event
    for event in telling.end(request):
        yield event


def _body(request: RunAgentInput) -> dict[str, Any]:
    """The request as the model server gets it."""
    messages = [message.model_dump(mode="json") for message in request.messages]
    names = [tool.name for tool in request.tools or ()]
    tools = [{"function": {"name": name}} for name in [*names, "weather"]]
    return {"messages": [m for m in messages if m["role"] != "reasoning"], "tools": tools}


def _answered(request: RunAgentInput) -> bool:
    props = request.forwarded_props
    return bool(request.resume) or (isinstance(props, dict) and "command" in props)


async def _break(how: str) -> None:
    if how == "midfail":
        raise ConnectionResetError("the narrator lost the thread")
    await asyncio.Event().wait()


class _Telling:
    """One answer, from the pieces that a model would send."""

    def __init__(self) -> None:
        self._open: tuple[str, str] | None = None
        self._parent = uuid4().hex
        self._asking: str | None = None

    def feed(self, delta: Mapping[str, Any]) -> Iterator[Event]:
        if thought := delta.get("reasoning_content"):
            yield from self._say("REASONING_MESSAGE", thought)
        if content := delta.get("content"):
            yield from self._say("TEXT_MESSAGE", content)
        for call in delta.get("tool_calls") or ():
            yield from self._call(call)

    def end(self, request: RunAgentInput) -> Iterator[Event]:
        yield from self._closed()
        if self._asking is not None:
            about = {"toolCallId": self._asking, "reason": "tool_call", "message": "May I?"}
            interrupt = {"id": f"ask-{self._asking}", **about}
            outcome = {"type": "interrupt", "interrupts": [interrupt]}
            ids = {"threadId": request.thread_id, "runId": request.run_id}
            yield {"type": "RUN_FINISHED", **ids, "outcome": outcome}

    def _say(self, kind: str, text: str) -> Iterator[Event]:
        if self._open is None or self._open[0] != kind:
            yield from self._closed()
            self._open = kind, uuid4().hex
            role = "reasoning" if kind == "REASONING_MESSAGE" else "assistant"
            yield {"type": f"{kind}_START", "messageId": self._open[1], "role": role}
        yield {"type": f"{kind}_CONTENT", "messageId": self._open[1], "delta": text}

    def _call(self, piece: Mapping[str, Any]) -> Iterator[Event]:
        function = piece["function"]
        if "id" in piece:
            yield from self._closed()
            self._open = "TOOL_CALL", piece["id"]
            if function["name"] == "weather":
                self._asking = piece["id"]
            names = {"toolCallName": function["name"], "parentMessageId": self._parent}
            yield {"type": "TOOL_CALL_START", "toolCallId": piece["id"], **names}
        elif self._open is not None:
            ids = {"toolCallId": self._open[1]}
            yield {"type": "TOOL_CALL_ARGS", **ids, "delta": function["arguments"]}

    def _closed(self) -> Iterator[Event]:
        if self._open is not None:
            kind, id_ = self._open
            field = "toolCallId" if kind == "TOOL_CALL" else "messageId"
            yield {"type": f"{kind}_END", field: id_}
        self._open = None
