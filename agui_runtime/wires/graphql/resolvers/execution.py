"""A run executed to its end in one answer, for callers that do not stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import replace
from time import time

import strawberry

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, OwnerLost, StoreUnavailable, ThreadNotFound
from agui_runtime.core.events import Event, Record, RunInfo
from agui_runtime.core.figures import UNKNOWN
from agui_runtime.core.fold import Fold
from agui_runtime.runtime.runtime import RunHandle
from agui_runtime.wires.graphql.answer.meta_events import RunMetaEvents
from agui_runtime.wires.graphql.answer.projector import Projector
from agui_runtime.wires.graphql.nouns.own_types import (
    MessageUnion,
    MetaEventResponse,
    MetaEventUnion,
)
from agui_runtime.wires.graphql.nouns.types import BaseMessageOutput, BaseMetaEvent, ResponseStatus
from agui_runtime.wires.graphql.nouns.usage import (
    MeasuredRun,
    TokenUsage,
    measures_of,
    timing_of,
    usage_of,
)


@strawberry.type
class AgentExecutionResponse(MeasuredRun):
    """A run that has ended. `state` is the JSON text of what the agent left; a failure is told in
    `status`, what the runtime did meanwhile in `metaEvents`.
    """

    thread_id: str
    run_id: str
    agent_name: str
    status: ResponseStatus
    messages: list[MessageUnion]
    state: str
    meta_events: list[MetaEventUnion]
    usage: TokenUsage | None


async def executed(handle: RunHandle, *, stop_if_cancelled: bool) -> AgentExecutionResponse:
    """Read the run to its end. Whoever cancels this has lost interest: the run may be stopped."""
    reading = _Reading(handle)
    try:
        async with aclosing(handle.batches()) as batches:
            async for batch in batches:
                reading.feed(batch.records)
    except AguiError as error:
        reading.projector.fail(error)
    except asyncio.CancelledError:
        if stop_if_cancelled:
            await handle.stop()
        raise
    return reading.response(await _stored(handle))


async def _stored(handle: RunHandle) -> RunInfo:
    """The run with what it took, where the store still has it and answers."""
    try:
        return await handle.stored()
    except (StoreUnavailable, ThreadNotFound):
        return handle.run


class _Reading:
    def __init__(self, handle: RunHandle) -> None:
        self.projector = Projector(handle.run)
        self._run = handle.run
        self._runtime_events = RunMetaEvents(handle.run)
        self._fold = Fold()
        self._meta_events: list[BaseMetaEvent | MetaEventResponse] = []
        self._shown = 0
        self._last: Event = {"type": ""}
        self._first_output: float | None = None

    def feed(self, records: Iterable[Record]) -> None:
        for record in records:
            self._last = record.event
            self._fold.feed(record.event)
            self.projector.feed((record,))
            self._collect_meta_events(record.event)
            if self._first_output is None and self.projector.response.messages:
                self._first_output = time()

    def response(self, stored: RunInfo) -> AgentExecutionResponse:
        self.projector.fail(OwnerLost())  # does nothing where the run was read to its end
        document = self.projector.response
        messages: list[BaseMessageOutput] = document.messages
        return AgentExecutionResponse(
            thread_id=self._run.thread_id,
            run_id=self._run.run_id,
            agent_name=self._run.agent,
            status=document.status,
            messages=messages,  # type: ignore[arg-type]  # the union has all kinds of them
            state=jsontext.dumps(self._fold.state).decode(),
            meta_events=self._meta_events,  # type: ignore[arg-type]  # the same
            usage=usage_of((self._last,)),
            timing=timing_of(replace(stored, ended_at=time()), self._first_output),
            **measures_of(stored.figures or UNKNOWN),
        )

    def _collect_meta_events(self, event: Event) -> None:
        shown = self.projector.response.meta_events or []
        self._meta_events.extend(shown[self._shown :])
        self._shown = len(shown)
        meta_event = self._runtime_events.feed(event)
        if meta_event is not None:
            self._meta_events.append(meta_event)
