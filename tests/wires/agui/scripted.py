"""The scripted agents behind the recorded transcripts, word for word; ids come from the request."""

from __future__ import annotations

import asyncio
import json
import math
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.runs.run import current_run

Event = dict[str, Any]
Events = AsyncIterator[Event]


@dataclass(frozen=True)
class Gate:
    """Where a slow agent waits, and whoever plays with it: no test waits for a clock."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self) -> None:
        self.reached.set()
        await self.opened.wait()


@dataclass(frozen=True, slots=True)
class ScriptedAgent:
    """Plays a script between RUN_STARTED and RUN_FINISHED; a script may say its own end."""

    name: str
    description: str
    script: Callable[[RunAgentInput, Gate], Events]
    gate: Gate
    capabilities: dict[str, Any] | None = None

    async def run(self, request: RunAgentInput) -> Events:
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        yield {"type": "RUN_STARTED", **ids}
        async for event in self.script(request, self.gate):
            ended = event["type"] in {"RUN_FINISHED", "RUN_ERROR"}
            yield event | (ids if event["type"] == "RUN_FINISHED" else {})
            if ended:
                return
        yield {"type": "RUN_FINISHED", **ids}


def scripted_agents(gate: Gate | None = None) -> dict[str, ScriptedAgent]:
    """`default`, `tool` and `state` of the recorded runtime."""
    gate = gate or Gate()
    streams = {
        "transport": {"streaming": True},
        "tools": {"supported": True, "clientProvided": True},
    }
    return {
        "default": ScriptedAgent("default", "Text test agent", talk, gate, streams),
        "tool": ScriptedAgent("tool", "Tool test agent", use_tool, gate),
        "state": ScriptedAgent("state", "State test agent", keep_state, gate),
    }


def text_of(message: Any) -> str:  # noqa: ANN401  # any AG-UI message, or None
    content = getattr(message, "content", None)
    if isinstance(content, list):
        return " ".join(part.text if part.type == "text" else f"[{part.type}]" for part in content)
    return content or ""


def last_text(request: RunAgentInput) -> str:
    return text_of(request.messages[-1]) if request.messages else ""


async def say(message_id: str, *words: str) -> Events:
    yield {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant"}
    for word in words:
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": word}
    yield {"type": "TEXT_MESSAGE_END", "messageId": message_id}


async def call(call_id: str, name: str, arguments: object) -> Events:
    """A call whose arguments come in two halves."""
    text = json.dumps(arguments, separators=(",", ":"))
    half = math.ceil(len(text) / 2)
    yield {"type": "TOOL_CALL_START", "toolCallId": call_id, "toolCallName": name}
    for part in filter(None, (text[:half], text[half:])):
        yield {"type": "TOOL_CALL_ARGS", "toolCallId": call_id, "delta": part}
    yield {"type": "TOOL_CALL_END", "toolCallId": call_id}


async def talk(request: RunAgentInput, gate: Gate) -> Events:
    """Echoes; obeys `use <tool> <json>`, and a few words more."""
    text, place = last_text(request), f"{len(request.messages)}-{request.thread_id}"
    if any(tool.name == "copilotkitSuggest" for tool in request.tools or ()):
        offers = [{"title": f"Dyn {n}", "message": f"say dyn {n}"} for n in ("one", "two")]
        script = call(f"sug-{request.run_id}", "copilotkitSuggest", {"suggestions": offers})
    elif request.messages and request.messages[-1].role == "tool":
        script = say(f"m-{place}", "tool said: ", text)
    elif used := re.fullmatch(r"use (\S+)\s*(\{.*\})?", text, re.S):
        script = call(f"tc-{place}", used[1], json.loads(used[2] or "{}"))
    else:
        script = _obeyed(text, place, request, gate)
    async for event in script:
        yield event


async def _obeyed(text: str, place: str, request: RunAgentInput, gate: Gate) -> Events:
    if text.startswith("boom"):
        raise ValueError("kaboom from agent, with a secret")
    if text.startswith("runerror"):
        script = _refuse()
    elif text.startswith("slow"):
        script = slow(f"m-{place}", gate)
    else:
        script = _echo(text, place, request)
    async for event in script:
        yield event


async def _refuse() -> Events:
    yield {"type": "RUN_ERROR", "message": "agent says no", "code": "AGENT_NO"}


async def _echo(text: str, place: str, request: RunAgentInput) -> Events:
    half = math.ceil(len(text) / 2)
    words: tuple[str, ...] = ("Echo: ", text[:half], text[half:] or ".")
    if text.startswith("headers"):
        words = ("HDR ", json.dumps(dict(current_run.get().headers)))
    if text.startswith("input"):
        words = ("IN ", _seen(request))
    if text.startswith("reason"):
        async for event in reason(f"r-{place}"):
            yield event
    async for event in say(f"m-{place}", *words):
        yield event


async def slow(message_id: str, gate: Gate) -> Events:
    """Says a hundred words, and pauses after the sixth until it is let go on."""
    yield {"type": "TEXT_MESSAGE_START", "messageId": message_id, "role": "assistant"}
    for number in range(100):
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": message_id, "delta": f"w{number} "}
        if number == 5:
            await gate.wait()
    yield {"type": "TEXT_MESSAGE_END", "messageId": message_id}


async def reason(message_id: str) -> Events:
    yield {"type": "REASONING_START", "messageId": message_id}
    yield {"type": "REASONING_MESSAGE_START", "messageId": message_id, "role": "reasoning"}
    content = {"messageId": message_id, "delta": "thinking hard"}
    yield {"type": "REASONING_MESSAGE_CONTENT", **content}
    yield {"type": "REASONING_MESSAGE_END", "messageId": message_id}
    yield {"type": "REASONING_END", "messageId": message_id}


async def use_tool(request: RunAgentInput, gate: Gate) -> Events:
    """A tool of its own, within a step, and its result."""
    place = f"{len(request.messages)}-{request.thread_id}"
    yield {"type": "STEP_STARTED", "stepName": "lookup"}
    async for event in call(f"bt-{place}", "get_weather", {"city": "Paris"}):
        yield event
    if last_text(request).startswith("slow"):
        await gate.wait()
    yield {
        "type": "TOOL_CALL_RESULT",
        "messageId": f"tr-{place}",
        "toolCallId": f"bt-{place}",
        "role": "tool",
        "content": '{"temp":21,"city":"Paris"}',
    }
    yield {"type": "STEP_FINISHED", "stepName": "lookup"}
    async for event in say(f"m-{place}", "It is ", "21C in Paris."):
        yield event


async def keep_state(request: RunAgentInput, gate: Gate) -> Events:
    """Shared state, custom events, both kinds of interrupt."""
    text, place = last_text(request), f"{len(request.messages)}-{request.thread_id}"
    state = dict(request.state or {})
    count = state.get("count", 0) + 1
    yield {"type": "STATE_SNAPSHOT", "snapshot": state | {"count": count}}
    last = {"op": "add", "path": "/last", "value": text or "none"}
    yield {"type": "STATE_DELTA", "delta": [last]}
    async for event in _answered(text, place, count, _resumed(request)):
        yield event


async def _answered(text: str, place: str, count: int, resumed: object) -> Events:
    if resumed is not None:
        answer = json.dumps(resumed, separators=(",", ":"))
        async for event in say(f"m-{place}", "resumed with ", answer):
            yield event
    elif text.startswith("interrupt-legacy"):
        yield {"type": "CUSTOM", "name": "on_interrupt", "value": '{"question":"Approve?"}'}
    elif text.startswith("interrupt"):
        interrupt = {"id": f"int-{place}", "reason": "input_required", "message": "Approve?"}
        yield {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": [interrupt]}}
    else:
        if text.startswith("activity"):
            activity = {"activityType": "PLAN", "content": {"steps": ["a", "b"]}}
            yield {"type": "ACTIVITY_SNAPSHOT", "messageId": f"act-{place}", **activity}
        yield {"type": "CUSTOM", "name": "my_event", "value": {"hello": "world"}}
        async for event in say(f"m-{place}", f"count is {count}"):
            yield event


def _resumed(request: RunAgentInput) -> object:
    if request.resume:
        return [each.model_dump(mode="json", by_alias=True) for each in request.resume]
    command = (request.forwarded_props or {}).get("command") or {}
    return command.get("resume")


def _seen(request: RunAgentInput) -> str:
    seen = request.model_dump(mode="json", by_alias=True)
    keys = ("state", "tools", "context", "forwardedProps")
    return json.dumps({key: seen[key] for key in keys}, separators=(",", ":"))
