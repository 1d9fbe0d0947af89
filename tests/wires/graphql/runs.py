"""Runs as a log holds them, for tests of what the GraphQL wire makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event, Record, RunInfo
from agui_runtime.wires.graphql.answer.projector import Projector
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.types import CopilotResponse

RUN = RunInfo("thread-1", "run-1", "planner", "ann", 0.0)
NOON = DateTimeISO(datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC))

CUT = {"metadata": {"cut": "error"}}
"""What an event carries that was made to close what an agent left open."""


def records(events: Sequence[Event]) -> list[Record]:
    return [Record(number, RUN.run_id, event) for number, event in enumerate(events, 1)]


def projector() -> Projector:
    return Projector(RUN, clock=lambda: NOON)


def response(*events: Event) -> CopilotResponse:
    """The document that a run amounts to."""
    made = projector()
    made.feed(records(events))
    return made.response


# Events


def event(kind: str, **fields: Any) -> Event:  # noqa: ANN401  # any JSON
    return {"type": kind, **fields}


STARTED = event("RUN_STARTED", threadId="thread-1", runId="run-1")
FINISHED = event("RUN_FINISHED", threadId="thread-1", runId="run-1")
STOPPED = {**FINISHED, "outcome": {"type": "cancelled"}}
FAILED = event("RUN_ERROR", message="the agent failed", code="AGENT_ERROR")


def text(message: str, *words: str) -> list[Event]:
    return [open_text(message), *(say(message, word) for word in words), end_text(message)]


def open_text(message: str) -> Event:
    return event("TEXT_MESSAGE_START", messageId=message, role="assistant")


def say(message: str, word: str) -> Event:
    return event("TEXT_MESSAGE_CONTENT", messageId=message, delta=word)


def end_text(message: str) -> Event:
    return event("TEXT_MESSAGE_END", messageId=message)


def call(identity: str, name: str, *arguments: str) -> list[Event]:
    parts = [event("TOOL_CALL_ARGS", toolCallId=identity, delta=each) for each in arguments]
    return [open_call(identity, name), *parts, end_call(identity)]


def open_call(identity: str, name: str) -> Event:
    return event(
        "TOOL_CALL_START", toolCallId=identity, toolCallName=name, parentMessageId="m-parent"
    )


def end_call(identity: str) -> Event:
    return event("TOOL_CALL_END", toolCallId=identity)


def result(identity: str, content: object) -> Event:
    return event(
        "TOOL_CALL_RESULT", messageId=f"r-{identity}", toolCallId=identity, content=content
    )


def custom(name: str, value: object) -> Event:
    return event("CUSTOM", name=name, value=value)


class Waiting:
    """An agent that says a word and waits; `speaking` counts how many do."""

    name = "waiting"
    description = ""

    def __init__(self) -> None:
        self.speaking = asyncio.Semaphore(0)
        self.released = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Well")
        self.speaking.release()
        await self.released.wait()
