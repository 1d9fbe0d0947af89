"""The table of the agent routes: what each takes, answers and refuses. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from agui_runtime.wires.rest.answers import (
    AcceptedTask,
    Audio,
    DeletedEntries,
    EntryPage,
    EventList,
    ExportedMemory,
    HistorySnapshot,
    RememberedEntry,
    ScheduleList,
    ScheduleSummary,
    StopAnswer,
    Transcript,
)
from agui_runtime.wires.rest.commands import (
    CorrectCommand,
    RememberCommand,
    ResumeCommand,
    RunCommand,
    ScheduleCommand,
    StopCommand,
)
from agui_runtime.wires.rest.refusals import EVERYWHERE, OF_BODIES


class Parameter(NamedTuple):
    """Of the query, unless it is a `header`."""

    name: str
    description: str
    is_header: bool = False


class Answer(NamedTuple):
    """`content` is a model, which stands for JSON, or a media type."""

    description: str
    content: type[BaseModel] | str | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What is answered at a method and a path below the prefix; `id` names its handler. `refusals`
    are codes, those of `EVERYWHERE` and, where there may be a body, of `OF_BODIES` besides.
    """

    id: str
    method: str
    path: str
    summary: str
    answers: Mapping[int, Answer]
    refusals: Sequence[str]
    body: type[BaseModel] | None = None
    parameters: Sequence[Parameter] = field(default=())
    forms: bool = False
    """Whether the body may be a form with the file `audio`."""

    @property
    def codes(self) -> Sequence[str]:
        """All that it may refuse with."""
        return [*self.refusals, *(OF_BODIES if self.method != "GET" else ()), *EVERYWHERE]


_STARTS = (
    *("AGENT_NOT_FOUND", "THREAD_NOT_FOUND", "THREAD_BUSY", "TOO_MANY_STARTS", "BUDGET_SPENT"),
    *("STATE_UNREADABLE", "REMOTE_UNREACHABLE", "SHUTDOWN"),
)

_ACCEPTED = {202: Answer("The run was accepted; Location leads to its events", AcceptedTask)}

_AFTER = (
    Parameter("after", "a cursor, after which to begin; from the start when left out"),
    Parameter("Last-Event-ID", "the same, as browsers send it when they come back", is_header=True),
)

_PIECES = {
    200: Answer("Events after the offset, or with live=sse an event stream of them", EventList),
    204: Answer("A long poll found nothing within its time"),
    304: Answer("There is nothing after this ETag"),
}

_OFFSET = (
    Parameter("offset", "the Stream-Next-Offset after which to begin, -1 or now"),
    Parameter("live", "`long-poll` or `sse`"),
    Parameter("If-None-Match", "the ETag of the answer before", is_header=True),
)

_MEMORY = ("MEMORY_OFF", "MEMORY_ANONYMOUS", "MEMORY_UNREADABLE")

_SCHEDULE = ({200: Answer("The schedule", ScheduleSummary)}, ("SCHEDULE_NOT_FOUND",))

OPERATIONS: Sequence[Operation] = (
    Operation(
        "startRun",
        "POST",
        "runs",
        "Start a run",
        _ACCEPTED,
        _STARTS,
        body=RunCommand,
    ),
    Operation(
        "resumeRun",
        "POST",
        "runs/{runId}/resume",
        "Answer what a run waits for",
        _ACCEPTED,
        (*_STARTS, "RUN_NOT_FOUND", "RUN_NOT_RESUMABLE"),
        body=ResumeCommand,
    ),
    Operation(
        "stopRun",
        "POST",
        "runs/{runId}/stop",
        "Stop a run",
        {200: Answer("Whether there was something to stop", StopAnswer)},
        ("THREAD_NOT_FOUND", "RUN_NOT_FOUND"),
        body=StopCommand,
    ),
    Operation(
        "readEvents",
        "GET",
        "threads/{threadId}/events",
        "A thread's AG-UI events as an event stream, whose ids are cursors",
        {
            200: Answer("The events, and comments in silence", "text/event-stream"),
            204: Answer("There is nothing after the cursor"),
        },
        ("THREAD_NOT_FOUND", "HISTORY_GONE"),
        parameters=(
            *_AFTER,
            Parameter("until", "`end` of what there is or of the live run, or `live` for ever"),
        ),
    ),
    Operation(
        "readHistory",
        "GET",
        "threads/{threadId}/history",
        "What a thread adds up to: messages, state, runs",
        {200: Answer("The thread at its cursor", HistorySnapshot)},
        ("THREAD_NOT_FOUND", "STATE_UNREADABLE", "HISTORY_GONE"),
        parameters=(
            Parameter("limit", "so many messages at most, 50 when left out, up to 100"),
            Parameter("before", "the `before` of the page that comes after"),
        ),
    ),
    Operation(
        "streamThread",
        "GET",
        "threads/{threadId}/stream",
        "A thread's AG-UI events, for clients of Durable Streams",
        _PIECES,
        ("THREAD_NOT_FOUND", "HISTORY_GONE"),
        parameters=_OFFSET,
    ),
    Operation(
        "streamRun",
        "GET",
        "threads/{threadId}/runs/{runId}/stream",
        "Those of one run, with which the stream is closed",
        _PIECES,
        ("THREAD_NOT_FOUND", "RUN_NOT_FOUND", "HISTORY_GONE"),
        parameters=_OFFSET,
    ),
    Operation(
        "createSchedule",
        "POST",
        "schedules",
        "Make runs recur",
        {201: Answer("The schedule", ScheduleSummary)},
        ("AGENT_NOT_FOUND", "THREAD_NOT_FOUND", "TOO_MANY_SCHEDULES"),
        body=ScheduleCommand,
    ),
    Operation(
        "listSchedules",
        "GET",
        "schedules",
        "The caller's schedules",
        {200: Answer("All of them", ScheduleList)},
        (),
    ),
    Operation("readSchedule", "GET", "schedules/{scheduleId}", "A schedule", *_SCHEDULE),
    Operation(
        "deleteSchedule",
        "DELETE",
        "schedules/{scheduleId}",
        "Forget a schedule; its threads and runs stay",
        {204: Answer("It is gone")},
        ("SCHEDULE_NOT_FOUND",),
    ),
    Operation(
        "pauseSchedule",
        "POST",
        "schedules/{scheduleId}/pause",
        "Fire no more until it is resumed",
        *_SCHEDULE,
    ),
    Operation(
        "resumeSchedule",
        "POST",
        "schedules/{scheduleId}/resume",
        "Fire at the next of its times; what came meanwhile is not caught up",
        *_SCHEDULE,
    ),
    Operation(
        "listMemory",
        "GET",
        "memory",
        "What is remembered of the caller, the latest first",
        {200: Answer("A page of entries", EntryPage)},
        _MEMORY,
        parameters=(
            Parameter("tier", "`core`, `associative`, `episodic` or `proactive`; all if left out"),
            Parameter("limit", "so many entries at most, 50 when left out, up to 100"),
            Parameter("cursor", "the `nextCursor` of the page before"),
        ),
    ),
    Operation(
        "exportMemory",
        "GET",
        "memory/export",
        "All of it, as a file",
        {200: Answer("Everything, with where it comes from", ExportedMemory)},
        _MEMORY,
    ),
    Operation(
        "remember",
        "POST",
        "memory",
        "Remember something of the caller",
        {201: Answer("The entry", RememberedEntry)},
        (*_MEMORY, "SECRET_REFUSED"),
        body=RememberCommand,
    ),
    Operation(
        "correctEntry",
        "PATCH",
        "memory/{entryId}",
        "Replace what an entry says; its id may be another one then",
        {200: Answer("The entry", RememberedEntry)},
        (*_MEMORY, "MEMORY_NOT_FOUND", "SECRET_REFUSED"),
        body=CorrectCommand,
    ),
    Operation(
        "deleteEntry",
        "DELETE",
        "memory/{entryId}",
        "Delete an entry, also one that no key opens",
        {204: Answer("It is gone")},
        (*_MEMORY, "MEMORY_NOT_FOUND"),
    ),
    Operation(
        "deleteThreadMemory",
        "DELETE",
        "memory/threads/{threadId}",
        "Delete what came from a thread, which may be gone by now",
        {200: Answer("How many entries", DeletedEntries)},
        _MEMORY,
    ),
    Operation(
        "forget",
        "DELETE",
        "memory",
        "Delete all that is remembered of the caller",
        {204: Answer("Nothing is remembered")},
        _MEMORY,
    ),
    Operation(
        "transcribe",
        "POST",
        "transcribe",
        "What was said in a recording",
        {200: Answer("The words", Transcript)},
        (
            *("invalid_request", "invalid_audio_format", "auth_failed", "rate_limited"),
            *("provider_error", "network_error", "service_not_configured"),
        ),
        body=Audio,
        forms=True,
    ),
)
