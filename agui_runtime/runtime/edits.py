"""What a thread's readers get of a state that was saved by hand, while no run has begun with it and
the log does not know it. Pure.
"""

from __future__ import annotations

from agui_runtime.core.events import Cursor, Event, Record
from agui_runtime.core.jsontext import Json
from agui_runtime.core.run_events import restating
from agui_runtime.stores.base import Batch


def before_end(batch: Batch, end: Cursor, state: Json) -> Batch:
    """The batch with the state before the record at `end`, the log's last one, if it has that: so
    the last run ends with it, and stays the last one.
    """
    *others, last = batch.records
    if last.seq < end.seq:
        return batch
    # A reader that goes on from there gets the last record.
    restated = Record(last.seq - 1, last.run_id, restating(state))
    return Batch([*others, restated, last], batch.cursor)


def alone(thread_id: str, end: Cursor, state: Json) -> Batch:
    """A run with nothing but the state, for a thread that has none."""
    ids = {"threadId": thread_id, "runId": f"{thread_id}:edited"}
    events: list[Event] = [
        {"type": "RUN_STARTED", **ids},
        restating(state),
        {"type": "RUN_FINISHED", **ids},
    ]
    return Batch([Record(end.seq, ids["runId"], event) for event in events], end)
