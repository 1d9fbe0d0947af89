"""The events that a client needs again to go on in the middle of a run: what was open. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.core.events import TERMINAL, Event, Record
from agui_runtime.core.grammar import Grammar


def reopening(records: Sequence[Record]) -> list[Event]:
    """The start of the run that the records break off in, and of all that it has open.

    Nothing if they end with a run, or are none: then the next event is a RUN_STARTED anyway. A
    client that resumes has the messages already, so the start carries no input.
    """
    run = _last_run(records)
    if not run:
        return []
    started, *rest = run
    given = started.get("input") or {}
    grammar = Grammar(given.get("messages", ()))
    for event in rest:
        grammar.accept(event)
    names = ("type", "threadId", "runId", "protocolVersion")
    return [{key: started[key] for key in names if key in started}, *grammar.opened]


def _last_run(records: Sequence[Record]) -> list[Event]:
    """The events from the last RUN_STARTED on, unless that run has ended."""
    run: list[Event] = []
    for record in reversed(records):
        if record.event["type"] in TERMINAL:
            return []
        run.append(record.event)
        if record.event["type"] == "RUN_STARTED":
            return run[::-1]
    return []
