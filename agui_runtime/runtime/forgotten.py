"""What a thread's readers get in the place of runs that its store has dropped to make room. Pure.

The records are gone, but not what was said: agents' saved states hold the whole conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agui_runtime.core.events import FORGOTTEN, Event, Message, Record
from agui_runtime.core.fold import fold
from agui_runtime.stores.base import AgentState


def dropped_before(records: Sequence[Record]) -> int:
    """How many records of the thread are missing before these, its first."""
    return records[0].seq - 1 if records else 0


def stand_in(
    thread_id: str, records: Sequence[Record], states: Iterable[AgentState]
) -> list[Record]:
    """One run with the messages from before these records, the first that the log still holds. It
    says in a CUSTOM event how many records are gone.

    Its records have the number of the last one that is gone: a reader goes on from there.
    """
    count = dropped_before(records)
    messages = earlier_messages([record.event for record in records], states)
    ids = {"threadId": thread_id, "runId": f"{thread_id}:earlier"}
    snapshot: Event = {"type": "MESSAGES_SNAPSHOT", "messages": messages}
    events: list[Event] = [
        {"type": "RUN_STARTED", **ids},
        *([snapshot] if messages else []),
        {"type": "CUSTOM", "name": FORGOTTEN, "value": {"records": count}},
        {"type": "RUN_FINISHED", **ids},
    ]
    return [Record(count, ids["runId"], event) for event in events]


def earlier_messages(events: Sequence[Event], states: Iterable[AgentState]) -> list[Message]:
    """The saved messages that come before those of the events; of several agents' states, those of
    the one that knows most. None of a state that shares no message with the events: where the one
    ends and the other begins is then unknown.
    """
    known = {message["id"] for message in fold(events).messages}
    return max((_before(known, state.messages) for state in states), key=len, default=[])


def _before(known: set[str], messages: Sequence[Message]) -> list[Message]:
    places = (index for index, message in enumerate(messages) if message["id"] in known)
    return list(messages[: next(places, 0)])
