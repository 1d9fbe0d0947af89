"""Short ways to say events, and what a fresh grammar makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from agui_runtime.core.events import Event, Message
from agui_runtime.core.fold import fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.shorthand import Shorthand

STARTED = {"type": "RUN_STARTED", "threadId": "t", "runId": "r"}
FINISHED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}
FAILED = {"type": "RUN_ERROR", "message": "broken"}


def text(kind: str, id_: str = "m", **fields: object) -> Event:
    return {"type": f"TEXT_MESSAGE_{kind}", "messageId": id_, **fields}


def call(kind: str, id_: str = "c", **fields: object) -> Event:
    named = {"toolCallName": "f"} if kind == "START" else {}
    return {"type": f"TOOL_CALL_{kind}", "toolCallId": id_, **named, **fields}


def reasoning(kind: str, id_: str = "m", **fields: object) -> Event:
    return {"type": f"REASONING_{kind}", "messageId": id_, **fields}


def subagent(kind: str, id_: str = "s", **fields: object) -> Event:
    return {"type": f"SUBAGENT_{kind}", "subagentRunId": id_, **fields}


def result(id_: str = "c") -> Event:
    return call("RESULT", id_, messageId=f"result of {id_}", content="42")


def started(run_id: str = "r", **given: object) -> Event:
    return {"type": "RUN_STARTED", "threadId": "t", "runId": run_id, "input": given}


def messages(*events: Event) -> list[Message]:
    """What the log of these events amounts to."""
    return fold(events).messages


def fed(*events: Event) -> Grammar:
    grammar, shorthand = Grammar(), Shorthand()
    for event in events:
        for full in shorthand.expand(event):
            grammar.accept(full)
    return grammar


def legal(*events: Event) -> list[Event]:
    shorthand, grammar = Shorthand(map(str, count(1)).__next__), Grammar()
    full = (one for event in events for one in shorthand.expand(event))
    return [one for event in full for one in grammar.accept(event)]


def kinds(events: Sequence[Event]) -> list[str]:
    return [event["type"] for event in events]
