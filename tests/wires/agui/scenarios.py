"""One agent for each thing that AG-UI 1.0 can say, for the published clients to read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from ag_ui.core import RunAgentInput

Event = dict[str, Any]
Events = AsyncIterator[Event]


async def chat(request: RunAgentInput) -> Events:
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
    for word in ("Grüße ", "", "🙂"):
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": word}
    yield {"type": "TEXT_MESSAGE_END", "messageId": "m1"}
    usage = {"provider": "x", "model": "y", "inputTokens": 1, "outputTokens": 2}
    yield _finished(request, result={"ok": True}, usage=[usage])


async def tool(request: RunAgentInput) -> Events:
    """A tool of the agent's own, whose result is text and a picture."""
    async for event in _call("search"):
        yield event
    picture = {"type": "image", "source": {"type": "url", "value": "http://x.test/y.png"}}
    content = [{"type": "text", "text": "42"}, picture]
    yield {"type": "TOOL_CALL_RESULT", "messageId": "r1", "toolCallId": "t1", "content": content}


async def frontend_tool(request: RunAgentInput) -> Events:
    """A tool of the page's, whose result is told."""
    if request.messages and request.messages[-1].role == "tool":
        yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        content = str(request.messages[-1].content)
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": content}
        return
    async for event in _call("confirm"):
        yield event
    yield _finished(request, outcome={"type": "success", "pendingToolCallIds": ["t1"]})


async def chunks(request: RunAgentInput) -> Events:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "role": "assistant", "delta": "a"}
    yield {"type": "TEXT_MESSAGE_CHUNK", "delta": "b"}
    yield {"type": "TOOL_CALL_CHUNK", "toolCallId": "t1", "toolCallName": "f", "delta": "{}"}
    yield {"type": "REASONING_MESSAGE_CHUNK", "messageId": "r1", "delta": "hm"}


async def state(request: RunAgentInput) -> Events:
    yield {"type": "STATE_SNAPSHOT", "snapshot": {"n": 0, "items": []}}
    add = {"op": "add", "path": "/items/-", "value": "one"}
    yield {"type": "STATE_DELTA", "delta": [{"op": "replace", "path": "/n", "value": 1}, add]}
    messages = [{"id": "u1", "role": "user", "content": "hi"}]
    yield {"type": "MESSAGES_SNAPSHOT", "messages": messages}


async def reasoning(request: RunAgentInput) -> Events:
    yield {"type": "REASONING_START", "messageId": "s1"}
    yield {"type": "REASONING_MESSAGE_START", "messageId": "r1", "role": "reasoning"}
    yield {"type": "REASONING_MESSAGE_CONTENT", "messageId": "r1", "delta": "hmm"}
    yield {"type": "REASONING_MESSAGE_END", "messageId": "r1"}
    secret = {"subtype": "message", "entityId": "r1", "encryptedValue": "zzz"}
    yield {"type": "REASONING_ENCRYPTED_VALUE", **secret}
    yield {"type": "REASONING_END", "messageId": "s1"}


async def activity(request: RunAgentInput) -> Events:
    plan = {"messageId": "act1", "activityType": "PLAN"}
    yield {"type": "STEP_STARTED", "stepName": "plan"}
    yield {"type": "ACTIVITY_SNAPSHOT", **plan, "content": {"steps": []}}
    add = {"op": "add", "path": "/steps/-", "value": "one"}
    yield {"type": "ACTIVITY_DELTA", **plan, "patch": [add]}
    yield {"type": "CUSTOM", "name": "app:ping", "value": None}
    yield {"type": "RAW", "event": {"a": None}, "source": "x"}
    yield {"type": "STEP_FINISHED", "stepName": "plan"}


async def interrupt(request: RunAgentInput) -> Events:
    if request.resume:
        yield {"type": "TOOL_CALL_RESULT", "messageId": "r1", "toolCallId": "t1", "content": "ok"}
        return
    async for event in _call("send"):
        yield event
    waiting = {"id": "int1", "reason": "tool_call", "toolCallId": "t1", "message": "ok?"}
    yield _finished(request, outcome={"type": "interrupt", "interrupts": [waiting]})


async def subagent(request: RunAgentInput) -> Events:
    """Two subagents at once, each with a step of the same name."""
    owned = [{"subagentRunId": f"s{n}"} for n in (1, 2)]
    for own in owned:
        yield {"type": "SUBAGENT_STARTED", **own, "name": "researcher"}
        yield {"type": "STEP_STARTED", "stepName": "look", **own}
    message = {"messageId": "m1", **owned[0]}
    yield {"type": "TEXT_MESSAGE_START", "role": "assistant", **message}
    yield {"type": "TEXT_MESSAGE_CONTENT", "delta": "found", **message}
    yield {"type": "TEXT_MESSAGE_END", **message}
    for own in owned:
        yield {"type": "STEP_FINISHED", "stepName": "look", **own}
        yield {"type": "SUBAGENT_FINISHED", **own, "result": {"r": 1}}


async def subagent_state(request: RunAgentInput) -> Events:
    """A subagent does all that a subagent can, fails, and the front end is told its state."""
    own = {"subagentRunId": "s1"}
    about = {"agentName": "researcher", "state": {"n": 1}, "running": True}
    yield {"type": "CUSTOM", "name": "subagent_state", "value": about}
    yield {"type": "SUBAGENT_STARTED", **own, "name": "researcher", "parentToolCallId": "t0"}
    yield {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}, **own}
    async for event in _call("search"):
        yield event | own
    result = {"messageId": "r1", "toolCallId": "t1", "content": "ok"}
    yield {"type": "TOOL_CALL_RESULT", **result, **own}
    plan = {"messageId": "act1", "activityType": "PLAN", "content": {"steps": []}}
    yield {"type": "ACTIVITY_SNAPSHOT", **plan, **own}
    yield {"type": "SUBAGENT_ERROR", **own, "message": "no"}


async def suspended(request: RunAgentInput) -> Events:
    """A subagent waits for an answer; its parent says so with all that can be said."""
    if request.resume:
        return
    own = {"subagentRunId": "s1"}
    yield {"type": "SUBAGENT_STARTED", **own, "name": "researcher"}
    outcome = {"type": "suspended", "interruptIds": ["int1"]}
    yield {"type": "SUBAGENT_FINISHED", **own, "outcome": outcome}
    schema = {"responseSchema": {"type": "object"}, "expiresAt": "2999-01-01T00:00:00Z"}
    waiting = {"id": "int1", "reason": "app:ask", "metadata": {"a": 1}, **schema, **own}
    yield _finished(request, outcome={"type": "interrupt", "interrupts": [waiting]})


async def metadata(request: RunAgentInput) -> Events:
    """Every kind of event with metadata of its own, the messages of a snapshot, too."""
    more = {"metadata": {"app": {"n": 1}}}
    async for event in chat(request):
        if event["type"] != "RUN_FINISHED" and event.get("delta") != "":
            yield event | more
    async for event in _call("search"):
        yield event | more
    yield {"type": "STATE_SNAPSHOT", "snapshot": {"n": 1}, **more}
    yield {"type": "CUSTOM", "name": "app:ping", "value": 1, **more}
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}, **more}
    message = {"id": "m1", "role": "assistant", "content": "hi", "toolCalls": [call], **more}
    result = {"id": "r1", "role": "tool", "toolCallId": "t1", "content": "ok", "error": "no"}
    yield {"type": "MESSAGES_SNAPSHOT", "messages": [message, result | more], **more}
    yield _finished(request, **more)


async def files(request: RunAgentInput) -> Events:
    source = {"type": "file", "value": "f1", "provider": "x"}
    yield _snapshot(content=[{"type": "image", "source": source}])


async def pictures(request: RunAgentInput) -> Events:
    source = {"type": "url", "value": "http://x.test/y.png"}
    yield _snapshot(content=[{"type": "image", "source": source}])


async def thoughts(request: RunAgentInput) -> Events:
    thought = {"id": "r1", "role": "reasoning", "content": "hm"}
    yield _snapshot(thought, content="hi")


async def cancelled(request: RunAgentInput) -> Events:
    yield _finished(request, outcome={"type": "cancelled"})


async def error(request: RunAgentInput) -> Events:
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "par"}
    yield {"type": "RUN_ERROR", "message": "boom", "code": "E1"}


async def unfinished(request: RunAgentInput) -> Events:
    """Leaves open what it began."""
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
    yield {"type": "TOOL_CALL_START", "toolCallId": "t1", "toolCallName": "f"}


async def thinking(request: RunAgentInput) -> Events:
    for kind in ("START", "TEXT_MESSAGE_START", "TEXT_MESSAGE_END", "END"):
        yield {"type": f"THINKING_{kind}"}


SCENARIOS: Mapping[str, Callable[[RunAgentInput], Events]] = {
    each.__name__: each
    for each in (
        chat, tool, frontend_tool, chunks, state, reasoning, activity, interrupt, subagent,
        subagent_state, suspended, metadata, files, pictures, thoughts, cancelled, error,
        unfinished, thinking,
    )
}  # fmt: skip


async def _call(name: str) -> Events:
    yield {"type": "TOOL_CALL_START", "toolCallId": "t1", "toolCallName": name}
    yield {"type": "TOOL_CALL_ARGS", "toolCallId": "t1", "delta": "{}"}
    yield {"type": "TOOL_CALL_END", "toolCallId": "t1"}


def _snapshot(*more: Event, content: object) -> Event:
    user = {"id": "u1", "role": "user", "content": content}
    return {"type": "MESSAGES_SNAPSHOT", "messages": [user, *more]}


def _finished(request: RunAgentInput, **more: Any) -> Event:  # noqa: ANN401  # fields of the event
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    return {"type": "RUN_FINISHED", **ids, **more}
