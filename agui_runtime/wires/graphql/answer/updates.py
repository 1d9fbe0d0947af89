"""What a subscription delivers of a growing answer: whatever has changed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import strawberry

from agui_runtime.core.events import Record, RunInfo
from agui_runtime.wires.graphql.answer.meta_events import RunMetaEvents
from agui_runtime.wires.graphql.answer.projector import Projector
from agui_runtime.wires.graphql.nouns.enums import RunStatus
from agui_runtime.wires.graphql.nouns.own_types import (
    MessageUnion,
    MetaEventResponse,
    MetaEventUnion,
)
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    BaseMessageOutput,
    BaseMetaEvent,
    ResponseStatus,
    TextMessageOutput,
)


@strawberry.type(
    description=(
        "One step of a growing answer: `message`, `metaEvent` or `status` is set. `message` is the "
        "message as far as it has grown, `delta` what its content or arguments gained with this "
        "step: ask for one of the two. The last update has the `status`. Everything up to the "
        "`cursor` was told; `runEvents(threadId, after)` goes on from there. It is null for a "
        "request that is no part of its thread."
    )
)
class CopilotUpdate:
    """What a subscription to an answer yields; GraphQL's description says what it promises."""

    thread_id: str
    run_id: str
    cursor: str | None = None
    message: MessageUnion | None = None
    delta: str | None = None
    meta_event: MetaEventUnion | None = None
    status: ResponseStatus | None = None


class Updates:
    """The changes of one run's answer. Feed it the run's records in order, in any batches."""

    def __init__(self, run: RunInfo) -> None:
        self._projector = Projector(run)
        self._runtime_events = RunMetaEvents(run)
        self._response = self._projector.response
        self._update = partial(CopilotUpdate, thread_id=run.thread_id, run_id=run.run_id)
        self._open: list[_Watched] = []
        self._met = 0
        self._delivered_questions = 0

    def feed(self, records: Sequence[Record]) -> list[CopilotUpdate]:
        """Each message that the records change, each meta event, and at the end the status.

        They are good until the next records are fed: their messages go on growing.
        """
        self._projector.feed(records)
        reported = [self._runtime_events.feed(record.event) for record in records]
        events = [event for event in reported if event is not None]
        updates = [self._update(meta_event=each) for each in events if _is_early(each)]
        updates += [
            self._update(message=each, delta=delta)  # type: ignore[arg-type]  # the union has all kinds
            for each, delta in self._changed()
        ]
        updates += [
            self._update(meta_event=each)  # type: ignore[arg-type]  # the same
            for each in self._questions()
        ]
        updates += [self._update(meta_event=each) for each in events if not _is_early(each)]
        if self._response.done:
            updates.append(self._update(status=self._response.status))
        return updates

    def _questions(self) -> Sequence[BaseMetaEvent]:
        """What the agent has asked the front end since the last look."""
        questions = (self._response.meta_events or [])[self._delivered_questions :]
        self._delivered_questions += len(questions)
        return questions

    def _changed(self) -> Iterator[tuple[BaseMessageOutput, str | None]]:
        messages = self._response.messages
        self._open += [_Watched(message) for message in messages[self._met :]]
        self._met = len(messages)
        for watched in self._open:
            if watched.has_changed():
                yield watched.message, watched.gained()
        self._open = [each for each in self._open if not each.message.knows("status")]


@dataclass(slots=True)
class _Watched:
    """A message that may grow, and how many of its parts were delivered; -1 before any was."""

    message: BaseMessageOutput
    delivered: int = -1

    def has_changed(self) -> bool:
        return self.delivered != len(self._parts()) or self.message.knows("status")

    def gained(self) -> str | None:
        parts, before = self._parts(), max(self.delivered, 0)
        self.delivered = len(parts)
        return "".join(parts[before:]) or None

    def _parts(self) -> list[str]:
        if isinstance(self.message, TextMessageOutput):
            return self.message.content
        if isinstance(self.message, ActionExecutionMessageOutput):
            return self.message.arguments
        return []


def _is_early(event: MetaEventResponse) -> bool:
    """Whether the run goes on after it, so that the agent's words follow it."""
    return event.status is RunStatus.Running
