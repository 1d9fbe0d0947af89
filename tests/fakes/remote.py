"""The remote endpoint behind the recorded transcripts: two actions, and agents of three types.

It notes what it was asked. What its agents say is chosen by the last message.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Line = dict[str, Any]

INFO = {
    "sdkVersion": "0.1.0",
    "actions": [
        {
            "name": "remote_add",
            "description": "Add two numbers",
            "parameters": [
                {"name": "a", "type": "number", "required": True},
                {"name": "b", "type": "number", "required": True},
            ],
        },
        {"name": "remote_fail", "description": "Fails with 500", "parameters": []},
    ],
    "agents": [
        {"name": "remote_crew", "description": "crew agent", "type": "crewai"},
        {"name": "remote_lg", "description": "lg agent", "type": "langgraph"},
        {"name": "remote_weird", "description": "x", "type": "other"},
    ],
}


@dataclass
class RemoteFake:
    """The endpoint's app, what reached it, and how often `/info` is still to say 503."""

    unavailable: int = 0
    seen: list[tuple[str, Mapping[str, str], Any]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        routes = {
            "/info": self._info,
            "/actions/execute": self._act,
            "/agents/execute": self._run,
            "/agents/state": self._state,
        }
        return Starlette(routes=[Route(path, to, methods=["POST"]) for path, to in routes.items()])

    def asked(self, path: str) -> list[Any]:
        """The bodies that reached a path."""
        return [body for where, _, body in self.seen if where == path]

    async def _note(self, request: Request) -> Any:  # noqa: ANN401  # JSON
        body = await request.json()
        self.seen.append((request.url.path, dict(request.headers), body))
        return body

    async def _info(self, request: Request) -> Response:
        await self._note(request)
        if self.unavailable:
            self.unavailable -= 1
            return JSONResponse({"error": "temporarily unavailable"}, 503)
        return JSONResponse(INFO)

    async def _act(self, request: Request) -> Response:
        asked = await self._note(request)
        if asked["name"] == "remote_fail":
            return JSONResponse({"error": "boom"}, 500)
        return JSONResponse({"result": asked["arguments"]["a"] + asked["arguments"]["b"]})

    async def _state(self, request: Request) -> Response:
        asked = await self._note(request)
        thread = asked["threadId"]
        if thread == "boom":
            return JSONResponse({"error": "state backend down"}, 500)
        exists = thread == "exists"
        state = {"topic": "cats"} if exists else {}
        messages = [{"id": "m1", "role": "user", "content": "hi"}] if exists else []
        return JSONResponse(
            {"threadId": thread, "threadExists": exists, "state": state, "messages": messages}
        )

    async def _run(self, request: Request) -> Response:
        asked = await self._note(request)
        script = _crew if asked["name"] == "remote_crew" else _graph
        lines = (line if isinstance(line, str) else json.dumps(line) for line in script(asked))
        return StreamingResponse((f"{line}\n" for line in lines), media_type="application/json")


def _says(asked: Any, word: str) -> bool:  # noqa: ANN401  # JSON
    return word in json.dumps(asked["messages"][-1]) if asked["messages"] else False


def _interrupts(asked: Any) -> bool:  # noqa: ANN401  # JSON
    return _says(asked, "[interrupt]") and not asked.get("metaEvents")


def _crew(asked: Any) -> Iterator[Line | str]:  # noqa: ANN401  # JSON
    if _interrupts(asked):
        yield {"type": "MetaEvent", "name": "LangGraphInterruptEvent", "value": "approve?"}
        said = {"type": "TextMessage", "id": "im1", "role": "assistant"}
        called = {"type": "ActionExecutionMessage", "id": "im2", "name": "approve"}
        messages = [said | {"content": "I need approval"}, called | {"arguments": {"x": 1}}]
        data = {"value": "Proceed?", "messages": messages}
        yield {"type": "MetaEvent", "name": "CopilotKitLangGraphInterruptEvent", "data": data}
        return
    if _says(asked, "[badline]"):
        yield {"type": "TextMessageStart", "messageId": "r0"}
        yield "{not json"
        return
    answers = asked.get("metaEvents")
    yield {"type": "TextMessageStart", "messageId": "r1"}
    for word in ("remote ", "crew ", "says hi", f" resumed={json.dumps(answers)}" * bool(answers)):
        yield {"type": "TextMessageContent", "messageId": "r1", "content": word}
    yield {"type": "TextMessageEnd", "messageId": "r1"}
    ids = {"threadId": asked["threadId"], "agentName": asked["name"], "runId": "run-1"}
    ended = {"nodeName": "__end__", "active": False, "running": False, "role": "assistant"}
    yield {"type": "AgentStateMessage", **ids, **ended, "state": json.dumps({"n": 1})}


def _graph(asked: Any) -> Iterator[Line | str]:  # noqa: ANN401  # JSON
    if _says(asked, "[lgerror]"):
        error = {"type": "AuthenticationError", "message": "bad key", "status_code": 401}
        yield {"event": "on_copilotkit_error", "data": {"error": error}}
        return
    if _interrupts(asked):
        yield {"event": "on_interrupt", "value": json.dumps({"q": "ok?"})}
        said = {"type": "TextMessage", "id": "im1", "role": "assistant"}
        data = {"value": "Proceed?", "messages": [said | {"content": "I need approval"}]}
        yield {"event": "on_copilotkit_interrupt", "data": data}
    yield _synced(asked, "n1", 1, at_work=True)
    yield _chunk("lgm1", content="Hello ")
    yield _chunk("lgm1", content="from LG")
    yield _chunk("lgm1", response_metadata={"finish_reason": "stop"})
    yield _chunk("lgm2", tool_call_chunks=[{"id": "tc9", "name": "do_it", "args": ""}])
    yield _chunk("lgm2", tool_call_chunks=[{"args": '{"k":'}])
    yield _chunk("lgm2", tool_call_chunks=[{"args": "1}"}])
    yield _chunk("lgm2", response_metadata={"finish_reason": "tool_calls"})
    yield _synced(asked, "__end__", 2, at_work=False)


def _chunk(message: str, **more: Any) -> Line:  # noqa: ANN401  # JSON
    chunk = {"id": message, "content": "", **more}
    return {"event": "on_chat_model_stream", "data": {"chunk": chunk}, "metadata": {}}


def _synced(asked: Any, node: str, step: int, *, at_work: bool) -> Line:  # noqa: ANN401  # JSON
    ids = {"thread_id": asked["threadId"], "agent_name": asked["name"], "run_id": "run-2"}
    told = {"node_name": node, "active": at_work, "running": at_work, "role": "assistant"}
    return {"event": "on_copilotkit_state_sync", **ids, **told, "state": {"step": step}}
