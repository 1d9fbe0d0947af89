"""Which events a client generation may be sent, and in what form; and their frames. Pure.

A client that names its `protocolVersion` (AG-UI 1.0) gets the log as it is. Those before do not
name themselves, and some events and fields of 1.0 end their run with an error.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core import jsontext
from agui_runtime.core.compact import compact
from agui_runtime.core.events import TERMINAL, Event, Message, Record
from agui_runtime.core.message_parts import with_binary
from agui_runtime.runs.announced import UNNUMBERED
from agui_runtime.wires.shared.event_stream_frames import Profile, current, frame, frames


def older(event: Event) -> Event | None:
    """For clients before AG-UI 1.0, of which 0.0.59 is the latest."""
    if "subagentRunId" in event:
        return _of_subagent(event)
    if event.get("delta"):  # as nearly all have; without it, those of streams are none
        return event
    adapt = _OLDER.get(event["type"])
    return event if adapt is None else adapt(event)


def oldest(event: Event) -> Event | None:
    """For clients up to 0.0.47, which send the same as 0.0.59: they know attachments only as
    `binary`, and 0.0.42 knows no reasoning.
    """
    if event["type"].startswith("REASONING_"):
        return None
    adapted = older(event)
    return None if adapted is None else _with_messages(adapted, _oldest_message)


def profile_of(given: RunAgentInput, *, oldest_clients: bool = False) -> Profile:
    """The profile of the client that sent the input; `oldest_clients`: it may be one of those."""
    if given.protocol_version is not None:
        return current
    return oldest if oldest_clients else older


def without_input(profile: Profile) -> Profile:
    """The same for a run that belongs to no thread: nobody needs its messages back."""

    def adapted(event: Event) -> Event | None:
        return profile(_but(event, "input") if event["type"] == "RUN_STARTED" else event)

    return adapted


def announced(records: Sequence[Record], epoch: str, profile: Profile) -> bytes:
    """Frames of a run that may wait: what is in no log has no id, for nobody can resume there."""
    if records[0].seq != UNNUMBERED:
        return frames(records, epoch, profile)
    made = [profile(record.event) for record in records]
    return b"".join(frame(event) for event in made if event is not None)


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


# What clients before 1.0 make of it, from 0.0.42 to 0.0.59: an unknown event type, an unknown key
# of `outcome` and a message's `file` end the run, an empty delta does up to 0.0.47, subagents do up
# to 0.0.57. Unknown keys elsewhere, `metadata` and `usage` among them, are let be by all.


def _gone(event: Event) -> None:
    return None


def _started(event: Event) -> Event:
    return _with_messages(_but(event, "protocolVersion"), _older_message)


def _finished(event: Event) -> Event:
    outcome = event.get("outcome") or {}
    return event if outcome.get("type") == "interrupt" else _but(event, "outcome")


def _result(event: Event) -> Event:
    return event | _plain_content(event)


def _snapshot(event: Event) -> Event:
    return _with_messages(event, _older_message)


def _of_subagent(event: Event) -> Event | None:
    """What a subagent emits becomes its parent's; the names of its steps could then meet."""
    if event["type"].startswith(("SUBAGENT_", "STEP_")):
        return None
    return older(_but(event, "subagentRunId"))


def _with_messages(event: Event, adapt: Callable[[Message], Message | None]) -> Event:
    """The event with its messages, or those of its input, adapted, or withheld."""
    if event.get("input"):
        return {**event, "input": _with_messages(event["input"], adapt)}
    if "messages" not in event:
        return event
    adapted = [each for message in event["messages"] if (each := adapt(message)) is not None]
    return {**event, "messages": adapted}


def _older_message(message: Message) -> Message:
    if message["role"] == "tool":
        return message | _plain_content(message)
    return with_binary(message, only=False)


def _oldest_message(message: Message) -> Message | None:
    return None if message["role"] == "reasoning" else with_binary(message, only=True)


def _plain_content(holder: Mapping[str, Any]) -> dict[str, str]:
    """A tool's result as text, which is all that it could be."""
    content = holder.get("content")
    return {"content": content if isinstance(content, str) else jsontext.dumps(content).decode()}


def _but(event: Event, key: str) -> Event:
    rest = dict(event)
    rest.pop(key, None)
    return rest


_OLDER: Mapping[str, Profile] = {
    **dict.fromkeys(("TEXT_MESSAGE_CONTENT", "TOOL_CALL_ARGS", "REASONING_MESSAGE_CONTENT"), _gone),
    "RUN_STARTED": _started,
    "RUN_FINISHED": _finished,
    "TOOL_CALL_RESULT": _result,
    "MESSAGES_SNAPSHOT": _snapshot,
    "SUBAGENT_STARTED": _gone,
    "SUBAGENT_FINISHED": _gone,
    "SUBAGENT_ERROR": _gone,
}
