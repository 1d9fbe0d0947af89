"""Short ways to say events, and what a fresh grammar makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from agui_runtime.core.events import Event
from agui_runtime.core.grammar import Grammar

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


def fed(*events: Event) -> Grammar:
    grammar = Grammar()
    for event in events:
        grammar.accept(event)
    return grammar


def legal(*events: Event) -> list[Event]:
    grammar = Grammar(new_id=map(str, count(1)).__next__)
    return [one for event in events for one in grammar.accept(event)]


def kinds(events: Sequence[Event]) -> list[str]:
    return [event["type"] for event in events]
