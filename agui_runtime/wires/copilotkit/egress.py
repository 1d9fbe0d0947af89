"""Which events a client generation may be sent, and in what form; and their frames. Pure.

A client that names its `protocolVersion` (AG-UI 1.0) gets the log as it is. Those before do not
say who they are, and a part of what 1.0 may say ends their run with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.compact import compact
from agui_runtime.events import TERMINAL, Event, Record
from agui_runtime.wires.sse import frame

Profile: TypeAlias = Callable[[Event], "Event | None"]
"""An event as a client may have it; None if it may not have it at all."""


def current(event: Event) -> Event | None:
    """For clients of AG-UI 1.0."""
    return event


def older(event: Event) -> Event | None:
    """For clients before AG-UI 1.0, of which 0.0.59 is the latest."""
    if "subagentRunId" in event:
        return _of_subagent(event)
    adapt = _OLDER.get(event["type"])
    return event if adapt is None else adapt(event)


def oldest(event: Event) -> Event | None:
    """For clients up to 0.0.42, which cannot be told from 0.0.59 and know no reasoning."""
    return None if event["type"].startswith("REASONING_") else older(event)


def profile_of(asked: RunAgentInput, *, reasoning: bool = True) -> Profile:
    """The profile of the client that sent the input; `reasoning` False serves the oldest, too."""
    if asked.protocol_version is not None:
        return current
    return older if reasoning else oldest


def without_input(profile: Profile) -> Profile:
    """The same for a run that belongs to no thread: nobody needs its messages back."""

    def adapted(event: Event) -> Event | None:
        return profile(_but(event, "input") if event["type"] == "RUN_STARTED" else event)

    return adapted


def frames(records: Iterable[Record], epoch: str, profile: Profile) -> bytes:
    """A frame for each record, as far as the client may have it; the ids are cursors."""
    return b"".join(
        frame(event, f"{epoch}.{record.seq}")
        for record in records
        if (event := profile(record.event)) is not None
    )


def replayed(records: Sequence[Record], epoch: str, profile: Profile) -> bytes:
    """The same with the runs that are there as a whole in fewer events.

    Of those only the last event has an id: within a compacted run there is no place to resume.
    """
    made = []
    for run in _runs(records):
        if run[0].event["type"] != "RUN_STARTED" or run[-1].event["type"] not in TERMINAL:
            made.append(frames(run, epoch, profile))
            continue
        *body, end = compact([record.event for record in run])
        made += [frame(event) for each in body if (event := profile(each)) is not None]
        made.append(frames([run[-1]._replace(event=end)], epoch, profile))
    return b"".join(made)


def _runs(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records of each run; the first and the last may lack a part."""
    start = 0
    for index, record in enumerate(records, 1):
        if record.event["type"] in TERMINAL or index == len(records):
            yield records[start:index]
            start = index


# What clients before 1.0 make of it, from 0.0.42 to 0.0.59: an unknown event type and an unknown
# key of `outcome` end the run, an empty delta does up to 0.0.47, subagents do up to 0.0.57.


def _gone(event: Event) -> None:
    return None


def _with_delta(event: Event) -> Event | None:
    return event if event.get("delta") else None


def _started(event: Event) -> Event:
    event = _but(event, "protocolVersion")
    given = event.get("input")
    if given is None:
        return event
    return {**event, "input": {**given, "messages": _plain_messages(given["messages"])}}


def _finished(event: Event) -> Event:
    outcome = event.get("outcome") or {}
    return event if outcome.get("type") == "interrupt" else _but(event, "outcome")


def _result(event: Event) -> Event:
    return event if isinstance(event["content"], str) else {**event, **_plain_content(event)}


def _snapshot(event: Event) -> Event:
    return {**event, "messages": _plain_messages(event["messages"])}


def _of_subagent(event: Event) -> Event | None:
    """What a subagent says becomes its parent's; the names of its steps could then meet."""
    if event["type"].startswith(("SUBAGENT_", "STEP_")):
        return None
    return older(_but(event, "subagentRunId"))


def _plain_messages(messages: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Tool results as text, which is all that they could be."""
    return [
        {**each, **_plain_content(each)}
        if each.get("role") == "tool" and not isinstance(each.get("content"), str)
        else each
        for each in messages
    ]


def _plain_content(holder: Mapping[str, Any]) -> Mapping[str, str]:
    return {"content": orjson.dumps(holder.get("content")).decode()}


def _but(event: Event, key: str) -> Event:
    return {name: value for name, value in event.items() if name != key}


_OLDER: Mapping[str, Profile] = {
    "TEXT_MESSAGE_CONTENT": _with_delta,
    "TOOL_CALL_ARGS": _with_delta,
    "REASONING_MESSAGE_CONTENT": _with_delta,
    "RUN_STARTED": _started,
    "RUN_FINISHED": _finished,
    "TOOL_CALL_RESULT": _result,
    "MESSAGES_SNAPSHOT": _snapshot,
    "SUBAGENT_STARTED": _gone,
    "SUBAGENT_FINISHED": _gone,
    "SUBAGENT_ERROR": _gone,
}
