"""What the agent routes answer, as models that describe it. Pure."""

from __future__ import annotations

from typing import Literal

from ag_ui.core import Message
from pydantic import BaseModel, ConfigDict, JsonValue, RootModel
from pydantic.alias_generators import to_camel

from agui_runtime.memories.entries import Tier


class _Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, defer_build=True)


class Problem(_Answer):
    """Why a request failed. `code` is stable, `message` says what to do; by `requestId` the
    operator finds the line in the log. The header X-Request-Id has it, too, also where a request is
    turned away before it gets here, and the answer has no `requestId`.
    """

    code: str
    message: str
    request_id: str | None = None


class AcceptedTask(_Answer):
    """A run that goes on whether or not anybody reads it; its events come after the cursor."""

    thread_id: str
    run_id: str
    cursor: str


class StopAnswer(_Answer):
    """`stopped` is false where the run had ended already."""

    thread_id: str
    run_id: str
    stopped: bool


class Cost(_Answer):
    """In US dollars, as a decimal, with the name of the prices."""

    usd: str
    prices: str


class _Usage(_Answer):
    """What models took; null is unknown."""

    input_tokens: int | None
    output_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None
    reasoning_tokens: int | None
    cost: Cost | None


class MessageFigures(_Usage):
    """What a message took; null is unknown."""

    id: str
    milliseconds: float | None


class RunSummary(_Usage):
    """A run, and what it took; null is unknown. `continuedBy` is the run with which the thread went
    on from an interrupt, null while that waits for an answer.
    """

    id: str
    agent_id: str
    status: Literal["queued", "running", "finished", "interrupted", "stopped", "failed"]
    continued_by: str | None
    started_at: str
    ended_at: str | None
    milliseconds: float | None
    first_event_milliseconds: float | None
    provider: str | None
    model: str | None
    error_code: str | None
    messages: list[MessageFigures]


class PageOfMessages(_Answer):
    """`before` leads to the messages before these; null where there are none."""

    limit: int
    before: str | None


class HistorySnapshot(_Answer):
    """What a thread adds up to at `cursor`, after which its events go on. `droppedRecords` counts
    what the store has dropped to make room.
    """

    thread_id: str
    messages: list[Message]
    page: PageOfMessages
    state: JsonValue
    runs: list[RunSummary]
    cursor: str
    dropped_records: int


class FiredSchedule(_Answer):
    """What became of a firing: `code` and `message` say why no run was started. `runStatus` is the
    run's as it is now, null where it is gone. `missed` counts times that passed after it while
    nobody was there.
    """

    due_at: str
    at: str
    outcome: Literal["started", "skipped", "failed"]
    code: str | None
    message: str | None
    thread_id: str
    run_id: str
    run_status: str | None
    missed: int


class ScheduleSummary(_Answer):
    """Runs that recur. `threadId` is null where each begins a thread, `nextAt` while it is paused
    or where its times are over, `last` before the first.
    """

    id: str
    agent_id: str
    cron: str
    zone: str
    message: str
    thread_id: str | None
    properties: dict[str, JsonValue]
    paused: bool
    created_at: str
    next_at: str | None
    last: FiredSchedule | None


class ScheduleList(_Answer):
    """The caller's schedules, the oldest first."""

    schedules: list[ScheduleSummary]


class EntryOrigin(_Answer):
    """Where an entry comes from, as far as that is known. `extractor` is who wrote it: `user`,
    `agent`, `rules`, or the name of a model.
    """

    thread_id: str
    run_id: str
    message_id: str
    extractor: str


class RememberedEntry(_Answer):
    """Something that is remembered. `times` counts how often it was noticed, `confidence` (0 to 1)
    says how likely a pattern is to be taken up by now; nothing else has any.
    """

    id: str
    tier: Tier
    readable: Literal[True]
    text: str
    key: str
    entity: str
    times: int
    confidence: float | None
    created_at: str
    updated_at: str
    origin: EntryOrigin


class UnreadableEntry(_Answer):
    """An entry that no key opens; it can only be deleted."""

    id: str
    tier: Tier
    readable: Literal[False]
    code: Literal["MEMORY_UNREADABLE"]


class EntryPage(_Answer):
    """Entries, the latest first, those that do not open last; `nextCursor` leads to those behind
    them.
    """

    entries: list[RememberedEntry | UnreadableEntry]
    next_cursor: str | None


class ExportedMemory(_Answer):
    """Everything that is remembered of the caller."""

    entries: list[RememberedEntry | UnreadableEntry]


class DeletedEntries(_Answer):
    """How many entries were deleted."""

    deleted: int


class EventList(RootModel[list[dict[str, JsonValue]]], defer_build=True):
    """AG-UI events."""


class Transcript(_Answer):
    """What was said in a recording of so many bytes."""

    text: str
    size: int
    type: str


class Audio(_Answer):
    """A recording in base64, or as a data URL."""

    audio: str
    mime_type: str
    filename: str | None = None
