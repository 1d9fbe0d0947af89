"""The table of the agent routes: what each takes, answers and refuses. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel

from agui_runtime.wires.rest.answers import (
    AcceptedTask,
    Audio,
    EventList,
    HistorySnapshot,
    ScheduleList,
    ScheduleSummary,
    StopAnswer,
    Transcript,
)
from agui_runtime.wires.rest.commands import ResumeCommand, RunCommand, ScheduleCommand, StopCommand


class Refusal(NamedTuple):
    status: int
    when: str


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


REFUSALS: Mapping[str, Refusal] = {
    "INVALID_INPUT": Refusal(400, "a part of the request is missing, malformed or out of bounds"),
    "BAD_HOST": Refusal(400, "the Host header is malformed"),
    "BAD_ORIGIN": Refusal(400, "the Origin header is malformed"),
    "BAD_CREDENTIALS": Refusal(400, "there are two Authorization headers"),
    "invalid_request": Refusal(400, "there is no recording in the body"),
    "invalid_audio_format": Refusal(400, "the recording is of a type that nobody can read"),
    "UNAUTHENTICATED": Refusal(401, "the server does not know the caller"),
    "CREDENTIAL_EXPIRED": Refusal(401, "the caller's credentials have expired"),
    "auth_failed": Refusal(401, "the transcription service does not know the server"),
    "FORBIDDEN": Refusal(403, "the caller may not do this"),
    "ANONYMOUS_NOT_ALLOWED": Refusal(403, "the server knows nobody and was called from afar"),
    "HOST_NOT_ALLOWED": Refusal(403, "the server is not called by this name"),
    "ORIGIN_NOT_ALLOWED": Refusal(403, "pages of this origin may not call"),
    "AGENT_NOT_FOUND": Refusal(404, "no agent has this name"),
    "THREAD_NOT_FOUND": Refusal(404, "there is no such thread, or it is another caller's"),
    "RUN_NOT_FOUND": Refusal(404, "the thread has no such run, or no longer"),
    "SCHEDULE_NOT_FOUND": Refusal(404, "there is no such schedule, or it is another caller's"),
    "METHOD_NOT_ALLOWED": Refusal(405, "the path takes the methods of the Allow header"),
    "REQUEST_TIMEOUT": Refusal(408, "the body came too slowly"),
    "THREAD_BUSY": Refusal(409, "another run is live on the thread"),
    "TOO_MANY_SCHEDULES": Refusal(409, "the caller has as many schedules as one may have"),
    "RUN_NOT_RESUMABLE": Refusal(409, "the run waits for no answer"),
    "HISTORY_GONE": Refusal(410, "the records after this cursor are gone; read the history"),
    "TOO_LARGE": Refusal(413, "the request exceeds a limit, which the message names"),
    "UNSUPPORTED_MEDIA_TYPE": Refusal(415, "the body is of another type"),
    "TOO_MANY_REQUESTS": Refusal(429, "too much is open; Retry-After says when to come back"),
    "TOO_MANY_STARTS": Refusal(429, "too many runs were started within a minute"),
    "BUDGET_SPENT": Refusal(429, "runs took as much as they may in a day"),
    "rate_limited": Refusal(429, "the transcription service has too much to do"),
    "INTERNAL_ERROR": Refusal(500, "something went wrong, which the server's log tells"),
    "STORE_FAILED": Refusal(500, "the store failed in a way that nobody expected"),
    "STATE_UNREADABLE": Refusal(500, "a saved state is damaged"),
    "ACCESS_UNDECIDED": Refusal(500, "nobody decided who calls, or what they may do"),
    "provider_error": Refusal(500, "the transcription service failed"),
    "network_error": Refusal(500, "the transcription service cannot be reached"),
    "REMOTE_UNREACHABLE": Refusal(502, "a server that may have this agent does not answer"),
    "ACCESS_TIMEOUT": Refusal(503, "it took too long to decide that"),
    "STORE_UNAVAILABLE": Refusal(503, "the store cannot be reached"),
    "SHUTDOWN": Refusal(503, "the server is shutting down"),
    "service_not_configured": Refusal(503, "there is no transcription service"),
}
"""Every code with its status."""

EVERYWHERE = (
    *("INVALID_INPUT", "BAD_HOST", "BAD_ORIGIN", "BAD_CREDENTIALS"),
    *("UNAUTHENTICATED", "CREDENTIAL_EXPIRED"),
    *("FORBIDDEN", "ANONYMOUS_NOT_ALLOWED", "HOST_NOT_ALLOWED", "ORIGIN_NOT_ALLOWED"),
    *("METHOD_NOT_ALLOWED", "TOO_MANY_REQUESTS"),
    *("INTERNAL_ERROR", "ACCESS_UNDECIDED", "ACCESS_TIMEOUT", "STORE_FAILED", "STORE_UNAVAILABLE"),
)

OF_BODIES = ("REQUEST_TIMEOUT", "TOO_LARGE", "UNSUPPORTED_MEDIA_TYPE")

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
