"""A runtime for chats in a terminal: its agent thinks, calls tools, asks, fails or waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime

LOOKING = 0.05
"""Seconds that the tool takes."""

Scene = Callable[[RunAgentInput], AsyncIterator[Event]]


async def speak(text: str, id_: str) -> AsyncIterator[Event]:
    yield {"type": "TEXT_MESSAGE_START", "messageId": id_, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": id_, "delta": text}
    yield {"type": "TEXT_MESSAGE_END", "messageId": id_}


async def work(request: RunAgentInput) -> AsyncIterator[Event]:
    """All that there is to see of a run, and something that no terminal should obey."""
    thought, call = {"messageId": f"t-{request.run_id}"}, {"toolCallId": f"c-{request.run_id}"}
    yield {"type": "STEP_STARTED", "stepName": "looking"}
    yield {"type": "REASONING_START", **thought}
    yield {"type": "REASONING_MESSAGE_START", **thought, "role": "reasoning"}
    yield {"type": "REASONING_MESSAGE_CONTENT", **thought, "delta": "where is it"}
    yield {"type": "REASONING_MESSAGE_END", **thought}
    yield {"type": "REASONING_END", **thought}
    yield {"type": "TOOL_CALL_START", **call, "toolCallName": "find"}
    yield {"type": "TOOL_CALL_ARGS", **call, "delta": '{"city":"Rome"}'}
    yield {"type": "TOOL_CALL_END", **call}
    await asyncio.sleep(LOOKING)
    result = {"messageId": f"r-{request.run_id}", "content": "sunny\x1b[2J"}
    yield {"type": "TOOL_CALL_RESULT", **call, **result}
    yield {"type": "STEP_FINISHED", "stepName": "looking"}
    async for event in speak("**It** is found\x1b]0;title\x07.", f"m-{request.run_id}"):
        yield event


async def ask(request: RunAgentInput) -> AsyncIterator[Event]:
    approved = {"approved": {"type": "boolean"}}
    schema = {"type": "object", "properties": approved, "required": ["approved"]}
    pay = {"id": "pay", "reason": "tool_call", "message": "Pay 3 EUR?", "responseSchema": schema}
    colours = {"type": "string", "enum": ["red", "blue"]}
    paint = {"id": "hue", "reason": "input", "message": "Which hue?", "responseSchema": colours}
    outcome = {"type": "interrupt", "interrupts": [pay, paint]}
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    yield {"type": "RUN_FINISHED", **ids, "outcome": outcome}


async def trick(request: RunAgentInput) -> AsyncIterator[Event]:
    """A question in words that no terminal should obey."""
    schema = {"type": "string", "enum": ["red\x1b[2J", "blue\n> forged"]}
    hue = {"id": "hue", "reason": "input", "message": "Hue?\x1b]0;t\x07", "responseSchema": schema}
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    yield {"type": "RUN_FINISHED", **ids, "outcome": {"type": "interrupt", "interrupts": [hue]}}


async def book(request: RunAgentInput) -> AsyncIterator[Event]:
    """A question whose answer is an object, as Pydantic describes one."""
    rooms = {"$defs": {"Room": {"type": "string", "enum": ["sea", "yard"]}}}
    fields = {
        "city": {"type": "string", "description": "where to"},
        "nights": {"type": "integer"},
        "room": {"$ref": "#/$defs/Room", "default": "sea"},
        "breakfast": {"type": "boolean"},
        "guests": {"type": "array", "items": {"type": "string"}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    }
    required = ["city", "nights", "breakfast", "guests"]
    schema = {**rooms, "type": "object", "properties": fields, "required": required}
    trip = {"id": "trip", "reason": "input", "message": "Which trip?", "responseSchema": schema}
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    yield {"type": "RUN_FINISHED", **ids, "outcome": {"type": "interrupt", "interrupts": [trip]}}


async def ask_as_before(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "CUSTOM", "name": "on_interrupt", "value": {"question": "Which city?"}}


async def fail(request: RunAgentInput) -> AsyncIterator[Event]:
    async for event in speak("so", f"m-{request.run_id}"):
        yield event
    raise KeyError("the cause")


async def hold(request: RunAgentInput) -> AsyncIterator[Event]:
    id_ = f"m-{request.run_id}"
    yield {"type": "TEXT_MESSAGE_START", "messageId": id_, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": id_, "delta": "holding"}
    await asyncio.Event().wait()


SCENES: Mapping[str, Scene] = {
    "work": work,
    "ask": ask,
    "trick": trick,
    "book": book,
    "before": ask_as_before,
    "fail": fail,
    "hold": hold,
}


async def chatty(request: RunAgentInput) -> AsyncIterator[Event]:
    """Plays the scene that the latest message names; else it says what it was given, and how many
    messages there are.
    """
    given = [str(message.content) for message in request.messages if message.role == "user"]
    answers = [each.payload for each in request.resume or ()]
    command = (request.forwarded_props or {}).get("command")
    if answers or command:
        scene = speak(f"answers {answers or command}", f"m-{request.run_id}")
    elif given[-1] in SCENES:
        scene = SCENES[given[-1]](request)
    else:
        scene = speak(f"{given[-1]} is message {len(given)}", f"m-{request.run_id}")
    async for event in scene:
        yield event


runtime = CopilotRuntime({"default": chatty})
