"""The scripted agents behind the recorded transcripts, fixed word for word.

They speak to no model, and pause only where a test asks for it.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ag_ui.core import (
    AssistantMessage,
    BaseEvent,
    CustomEvent,
    FunctionCall,
    MessagesSnapshotEvent,
    RunAgentInput,
    RunErrorEvent,
    RunFinishedEvent,
    RunStartedEvent,
    StateDeltaEvent,
    StateSnapshotEvent,
    StepFinishedEvent,
    StepStartedEvent,
    TextMessageContentEvent,
    TextMessageEndEvent,
    TextMessageStartEvent,
    ToolCall,
    ToolCallArgsEvent,
    ToolCallEndEvent,
    ToolCallResultEvent,
    ToolCallStartEvent,
    ToolMessage,
    UserMessage,
)

Events: TypeAlias = AsyncIterator[BaseEvent]
Script: TypeAlias = Callable[[RunAgentInput], Events]


@dataclass(frozen=True, slots=True)
class ScriptedAgent:
    """Plays a script between RUN_STARTED and RUN_FINISHED, events `pause` seconds apart.

    A script that emits RUN_ERROR or raises ends there.
    """

    name: str
    script: Script
    pause: float = 0.0

    @property
    def description(self) -> str:
        return f"{self.name} description"

    async def run(self, request: RunAgentInput) -> Events:
        ids = {"thread_id": request.thread_id, "run_id": request.run_id}
        yield RunStartedEvent(**ids)
        async for event in self.script(request):
            yield event
            if isinstance(event, RunErrorEvent):
                return
            await asyncio.sleep(self.pause)
        yield RunFinishedEvent(**ids)


def scripted_agents(pause: float = 0.0, slow_pause: float = 0.05) -> dict[str, ScriptedAgent]:
    """All agents by name; `slow_agent` alone pauses `slow_pause` seconds: time to interrupt it."""
    pauses = {"slow_agent": slow_pause}
    return {
        name: ScriptedAgent(name, script, pauses.get(name, pause))
        for name, script in SCRIPTS.items()
    }


# What the scripts are made of


async def say(message_id: str, words: Iterable[str]) -> Events:
    yield TextMessageStartEvent(message_id=message_id, role="assistant")
    for word in words:
        yield TextMessageContentEvent(message_id=message_id, delta=word)
    yield TextMessageEndEvent(message_id=message_id)


async def call_tool(
    call_id: str, name: str, arguments: Iterable[str], parent: str | None = None
) -> Events:
    yield ToolCallStartEvent(tool_call_id=call_id, tool_call_name=name, parent_message_id=parent)
    for chunk in arguments:
        yield ToolCallArgsEvent(tool_call_id=call_id, delta=chunk)
    yield ToolCallEndEvent(tool_call_id=call_id)


def last_text(request: RunAgentInput) -> str:
    """The content of the last message, "" if it has none or is not text."""
    content = getattr(request.messages[-1], "content", None) if request.messages else None
    return content if isinstance(content, str) else ""


# The scripts


async def text_agent(request: RunAgentInput) -> Events:
    async for event in say("ag-m1", ["Hello ", "from ", "agent"]):
        yield event


async def tool_agent(request: RunAgentInput) -> Events:
    """Calls the frontend's setColor, and tells the result when asked again with it."""
    if request.messages and request.messages[-1].role == "tool":
        async for event in say("ag-m3", ["Tool ", "done: ", last_text(request)]):
            yield event
        return
    async for event in say("ag-m2", ["Calling ", "a tool"]):
        yield event
    async for event in call_tool("ag-tc1", "setColor", ['{"color":', '"blue"}'], "ag-m2"):
        yield event


async def backend_tool_agent(request: RunAgentInput) -> Events:
    async for event in call_tool("ag-tc2", "lookup", ['{"q":"x"}']):
        yield event
    yield ToolCallResultEvent(message_id="tr-ag-tc2", tool_call_id="ag-tc2", content="42")
    async for event in say("ag-m4", ["The answer is 42"]):
        yield event


async def state_agent(request: RunAgentInput) -> Events:
    yield StepStartedEvent(step_name="plan")
    yield StateSnapshotEvent(snapshot={**(request.state or {}), "steps": [], "progress": 0})
    yield StateDeltaEvent(
        delta=[
            {"op": "replace", "path": "/progress", "value": 50},
            {"op": "add", "path": "/steps/-", "value": "one"},
        ]
    )
    yield StepFinishedEvent(step_name="plan")
    yield StepStartedEvent(step_name="write")
    async for event in say("ag-m5", ["State ", "done"]):
        yield event
    yield StateDeltaEvent(delta=[{"op": "replace", "path": "/progress", "value": 100}])
    yield StepFinishedEvent(step_name="write")
    yield CustomEvent(name="Exit", value=True)


async def snapshot_agent(request: RunAgentInput) -> Events:
    async for event in say("ag-m6", ["Snap"]):
        yield event
    yield StateSnapshotEvent(snapshot={"a": 1})
    call = ToolCall(id="tcx", function=FunctionCall(name="f", arguments='{"z":1}'))
    yield MessagesSnapshotEvent(
        messages=[
            *request.messages,
            AssistantMessage(id="ag-m6", content="Snap", tool_calls=[call]),
            ToolMessage(id="tr", tool_call_id="tcx", content="ok"),
        ]
    )


async def predict_agent(request: RunAgentInput) -> Events:
    """Announces that a tool's argument is a piece of state, then streams that argument."""
    yield StepStartedEvent(step_name="p")
    prediction = {"state_key": "doc", "tool": "write_doc", "tool_argument": "text"}
    yield CustomEvent(name="PredictState", value=[prediction])
    async for event in call_tool("ag-tc3", "write_doc", ['{"text":"He', "llo wo", 'rld"}']):
        yield event
    yield StepFinishedEvent(step_name="p")


async def interrupt_agent(request: RunAgentInput) -> Events:
    command = (request.forwarded_props or {}).get("command", {})
    if "resume" in command:
        async for event in say("ag-m7", ["Resumed with ", str(command["resume"])]):
            yield event
        return
    async for event in say("ag-m8", ["Need approval"]):
        yield event
    yield CustomEvent(name="on_interrupt", value='{"question":"Approve?"}')


async def interrupt_obj_agent(request: RunAgentInput) -> Events:
    yield CustomEvent(name="on_interrupt", value={"question": "Approve?"})


async def cpk_interrupt_agent(request: RunAgentInput) -> Events:
    about: Mapping[str, object] = {"value": "v", "messages": []}
    yield CustomEvent(name="CopilotKitLangGraphInterruptEvent", value=about)
    async for event in say("ag-m9", ["after"]):
        yield event


async def run_error_agent(request: RunAgentInput) -> Events:
    async for event in say("ag-m10", ["partial"]):
        yield event
    yield RunErrorEvent(message="agent exploded", code="BOOM")


async def mid_error_agent(request: RunAgentInput) -> Events:
    yield TextMessageStartEvent(message_id="ag-m11", role="assistant")
    yield TextMessageContentEvent(message_id="ag-m11", delta="half")
    yield RunErrorEvent(message="agent exploded mid message")


def throw_agent(request: RunAgentInput) -> Events:
    return _Unreachable()


class _Unreachable:
    def __aiter__(self) -> Events:
        return self

    async def __anext__(self) -> BaseEvent:
        raise ConnectionRefusedError("observable failed: ECONNREFUSED 127.0.0.1:9")


async def slow_agent(request: RunAgentInput) -> Events:
    async for event in say("ag-m12", [f"s{k} " for k in range(100)]):
        yield event


async def echo_input_agent(request: RunAgentInput) -> Events:
    """Says what it was asked, as one JSON object."""
    seen = request.model_dump(mode="json", by_alias=True, exclude_none=True)
    async for event in say("ag-m13", [json.dumps(seen, separators=(",", ":"))]):
        yield event


async def lg_like_agent(request: RunAgentInput) -> Events:
    """Leaves a thread behind that has a state, a tool call and its result."""
    call = ToolCall(id="t1", function=FunctionCall(name="f", arguments='{"x":1}'))
    yield StateSnapshotEvent(snapshot={"topic": "dogs"})
    yield MessagesSnapshotEvent(
        messages=[
            UserMessage(id="h1", content="hi"),
            AssistantMessage(id="a1", tool_calls=[call]),
            ToolMessage(id="r1", tool_call_id="t1", content="ok"),
            AssistantMessage(id="a2", content="done"),
        ]
    )


async def bench_agent(request: RunAgentInput) -> Events:
    """Says as many words as `[n:200]` in the last message asks for."""
    wanted = re.search(r"\[n:(\d+)\]", last_text(request))
    count = int(wanted[1]) if wanted else 200
    async for event in say(f"b-{request.run_id}", [f"tok{k} " for k in range(count)]):
        yield event


SCRIPTS: dict[str, Script] = {
    script.__name__: script
    for script in (
        text_agent,
        tool_agent,
        backend_tool_agent,
        state_agent,
        snapshot_agent,
        predict_agent,
        interrupt_agent,
        interrupt_obj_agent,
        cpk_interrupt_agent,
        run_error_agent,
        mid_error_agent,
        throw_agent,
        slow_agent,
        echo_input_agent,
        lg_like_agent,
        bench_agent,
    )
}
