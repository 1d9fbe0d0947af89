"""Agents that the pages of today need and no recorded transcript has, word for word."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput, StateDeltaEvent, StateSnapshotEvent

from agui_runtime.core.events import Event
from agui_runtime.runs.run import current_run
from tests.clients.gate import Gate
from tests.fakes.agents import Events, last_text, state_agent

STEP_BY_STEP = "step by step"
QUESTION = "Approve?"
SALES = " ".join(f"In week {number} it was more." for number in range(8))


class AskingAgent:
    """Ends its run with a question, as AG-UI 1.0 does, and goes on with the answer.

    It numbers its messages, so that a thread may hold several of its runs.
    """

    name = "asking_agent"
    description = "asks"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        yield {"type": "RUN_STARTED", **ids}
        if request.resume:
            [answer] = request.resume
            for event in say(request, f"{answer.status}: {answer.payload}"):
                yield event
            yield {"type": "RUN_FINISHED", **ids}
            return
        for event in say(request, "Need approval"):
            yield event
        interrupt = {"id": f"q-{request.run_id}", "reason": "input_required", "message": QUESTION}
        outcome = {"type": "interrupt", "interrupts": [interrupt]}
        yield {"type": "RUN_FINISHED", **ids, "outcome": outcome}


async def working(gate: Gate, request: RunAgentInput) -> Events:
    """What `state_agent` does; to `step by step` it stands still after each change of the state."""
    async for event in state_agent(request):
        yield event
        if isinstance(event, StateSnapshotEvent | StateDeltaEvent):
            await _step(gate, request)


async def _step(gate: Gate, request: RunAgentInput) -> None:
    if STEP_BY_STEP in last_text(request):
        await gate.passed()


class SalesAgent:
    """Says something, word by word, and draws a chart; to `step by step` it stands still after the
    third of the words and the fourth.
    """

    name = "sales_agent"
    description = "draws"

    def __init__(self, pause: float, gate: Gate) -> None:
        self._pause = pause
        self._gate = gate

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        chart = {"messageId": f"chart-{request.run_id}", "activityType": "block.chart"}
        yield {"type": "RUN_STARTED", **ids}
        parts = (*say(request, SALES), {"type": "ACTIVITY_SNAPSHOT", **chart, "content": {}})
        for number, part in enumerate(parts):
            yield part
            await asyncio.sleep(self._pause)
            if number in {3, 4}:
                await _step(self._gate, request)
        yield {"type": "RUN_FINISHED", **ids}


class RoutingAgent:
    """Says whom it chose, as a router does, and lets that one answer."""

    name = "routing_agent"
    description = "routes"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        ids = {"threadId": request.thread_id, "runId": request.run_id}
        chosen = {"agent": "notes", "domain": "notebook", "by": "rule", "confidence": 1.0}
        yield {"type": "RUN_STARTED", **ids}
        yield {"type": "CUSTOM", "name": "agui_runtime.routed", "value": chosen}
        for event in say(request, "Noted."):
            yield event
        yield {"type": "RUN_FINISHED", **ids}


class VisitorAgent:
    """Says who is asking, and with which of the headers that agents may see."""

    name = "visitor_agent"
    description = "tells who asks"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        context = current_run.get()
        for event in say(request, f"{context.caller.owner} {dict(context.headers)}"):
            yield event


def say(request: RunAgentInput, text: str) -> list[Event]:
    """One message, word by word."""
    message = {"messageId": f"m-{len(request.messages)}-{request.run_id}"}
    words = [f"{word} " for word in text.split(" ")]
    return [
        {"type": "TEXT_MESSAGE_START", **message, "role": "assistant"},
        *({"type": "TEXT_MESSAGE_CONTENT", **message, "delta": word} for word in words),
        {"type": "TEXT_MESSAGE_END", **message},
    ]
