"""Small agents and requests for the tests of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Caller, Event, RunContext, RunRequest
from agui_runtime.runtime.runtime import CopilotRuntime, RunHandle

ANN, BOB = Caller("ann"), Caller("bob")

CANCELLED = {"outcome": {"type": "cancelled"}}


def asking(
    text: str = "hi",
    *,
    thread: str = "t1",
    run: str = "",
    agent: str | None = None,
    caller: Caller = ANN,
    messages: list[dict[str, Any]] | None = None,
    **options: Any,  # noqa: ANN401  # the other fields of RunRequest
) -> RunRequest:
    """A request of one user message, `u-<text>`, or of the given messages."""
    sent = messages or [{"id": f"u-{text}", "role": "user", "content": text}]
    return RunRequest(
        RunAgentInput.model_validate(
            {"threadId": thread, "runId": run, "messages": sent, "tools": [], "context": []}
        ),
        RunContext(caller, request_id="req-1"),
        agent,
        **options,
    )


async def told(handle: RunHandle) -> list[Event]:
    """All events of the run."""
    events: list[Event] = []
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            events += [record.event for record in batch.records]
    return events


async def ran(runtime: CopilotRuntime, request: RunRequest) -> list[Event]:
    return await told(await runtime.start(request))


def kinds(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def text(message_id: str, *deltas: str) -> list[Event]:
    """A whole text message."""
    ids = {"messageId": message_id}
    contents = [{"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": delta} for delta in deltas]
    start = {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    return [start, *contents, {"type": "TEXT_MESSAGE_END", **ids}]


def call(call_id: str, name: str, arguments: str) -> list[Event]:
    """A whole tool call."""
    ids = {"toolCallId": call_id}
    start = {"type": "TOOL_CALL_START", **ids, "toolCallName": name}
    args = {"type": "TOOL_CALL_ARGS", **ids, "delta": arguments}
    return [start, args, {"type": "TOOL_CALL_END", **ids}]


class Scripted:
    """Says the same events in every run and remembers what it was asked."""

    name = "scripted"
    description = "A script"

    def __init__(self, *events: Event) -> None:
        self.events = events
        self.asked: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        for event in self.events:
            yield event


class Panic(BaseException):
    """What libraries in Rust raise."""


class Waiting:
    """Says its first events, then waits until it is let go or cancelled."""

    name = "waiting"
    description = "Waits"

    def __init__(self, *first: Event) -> None:
        self.first = first or ({"type": "TEXT_MESSAGE_START", "messageId": "m1"},)
        self.go = asyncio.Event()
        self.closed = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        try:
            for event in self.first:
                yield event
            await self.go.wait()
        finally:
            self.closed.set()
