"""Responses that were made: which run of the log each one is, and what the log has of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import NamedTuple

from agui_runtime.core.errors import Busy, Gone, RequestError
from agui_runtime.core.events import TERMINAL, Caller, Cursor, Record, RunInfo
from agui_runtime.core.fold import fold
from agui_runtime.core.jsontext import Json
from agui_runtime.core.queueing import QUEUED
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.thread_edits import ThreadEdits
from agui_runtime.stores.base import Batch
from agui_runtime.wires.openai.approvals import resuming_id
from agui_runtime.wires.openai.errors import NotThere
from agui_runtime.wires.openai.items import Waiting, waiting_in
from agui_runtime.wires.openai.response_ids import IMPLICIT, Place, place_of, response_id
from agui_runtime.wires.openai.response_resource import Resource

NOTE = "openai.deleted"
"""Under this name are the ids of those runs whose responses somebody deleted."""


class StoredResponse(NamedTuple):
    """A response, the records of its run, and the place before them, None for the log's start.
    `waiting` are the calls that it was to carry out.
    """

    resource: Resource
    records: Sequence[Record]
    before: Cursor | None
    waiting: Sequence[Waiting] = ()


class StoredResponses:
    """Those of all callers; each is shown to its thread's owner alone."""

    def __init__(self, runtime: CopilotRuntime) -> None:
        self._runtime = runtime
        self._edits = ThreadEdits(runtime)

    async def find(self, response: str, caller: Caller) -> Place:
        """The caller's run of that response; raises NotThere and Forbidden."""
        place = place_of(response)
        if place is None or await self._runtime.threads.find(place.thread_id, caller) is None:
            raise no_response(response)
        if place.run_id in _ids(await self._edits.note(place.thread_id, caller, NOTE)):
            raise no_response(response)
        return place

    async def read(self, place: Place, caller: Caller) -> StoredResponse:
        """What the log holds of it; raises NotThere."""
        runs = await self._runtime.threads.runs(place.thread_id, caller)
        run = next((each for each in runs if each.run_id == place.run_id), None)
        if run is None:
            raise no_response(response_id(place))
        found = await self._from_its_start(place, caller)
        records, before = found or await self._in_the_thread(place, caller, runs)
        if not records and run.status != QUEUED:
            raise no_response(response_id(place))
        resource = Resource(response_id(place), run.started_at, run.agent, ended_at=run.ended_at)
        waiting = await self._waiting(place, caller, runs)
        return StoredResponse(resource, records, before, waiting)

    async def follow(
        self, place: Place, before: Cursor | None, caller: Caller
    ) -> AsyncGenerator[Batch, None]:
        """The run from its first record to its end, for which a live one is waited for."""
        batches = self._runtime.threads.connect(place.thread_id, caller, before)
        async with aclosing(_of_run(batches, place)) as own:
            async for batch in own:
                yield batch
                del batch  # nothing is held in silence

    async def delete(self, place: Place, caller: Caller) -> None:
        """Forget that the run is a response. Its messages are the thread's, and stay; a thread that
        nobody named goes with the last of its responses. Raises Busy while it is made.
        """
        thread = place.thread_id
        live = await self._runtime.store.log.active(thread)
        if live is not None and live.run_id == place.run_id:
            raise Busy(thread, live.run_id)

        def noted(before: Json) -> Json:
            return [*_ids(before), place.run_id]

        deleted = _ids(await self._edits.write_note(thread, caller, NOTE, noted, "delete"))
        runs = await self._runtime.threads.runs(thread, caller, "delete")
        if thread.startswith(IMPLICIT) and all(each.run_id in deleted for each in runs):
            with suppress(Busy):  # somebody goes on in it
                await self._runtime.threads.delete(thread, caller)

    async def _from_its_start(
        self, place: Place, caller: Caller
    ) -> tuple[Sequence[Record], Cursor | None] | None:
        """Without what came before; None where its id does not say where it starts, or the log is
        another one since.
        """
        try:
            start = Cursor.parse(place.start)
            batches = self._runtime.threads.so_far(place.thread_id, caller, _after(start))
            async with aclosing(_of_run(batches, place)) as own:
                found = [record async for batch in own for record in batch.records]
        except (ValueError, Gone):
            return None
        is_whole = bool(found) and found[0].event["type"] == "RUN_STARTED"
        return (found, _after(start)) if is_whole else None

    async def _in_the_thread(
        self, place: Place, caller: Caller, runs: Sequence[RunInfo]
    ) -> tuple[Sequence[Record], Cursor | None]:
        read = await self._runtime.threads.read(place.thread_id, caller)
        own = [each for each in read if each.run_id == place.run_id]
        known = {each.run_id for each in runs}  # what stands for dropped runs has no place to be at
        first = own[0].seq if own else 0
        before = [each.seq for each in read if each.seq < first and each.run_id in known]
        end = await self._runtime.threads.end(place.thread_id, caller)
        return own, Cursor(end.epoch, before[-1]) if before else None

    async def _waiting(
        self, place: Place, caller: Caller, runs: Sequence[RunInfo]
    ) -> Sequence[Waiting]:
        """The calls that were approved, if the run is the answer to such questions."""
        ids = {resuming_id(place.thread_id, each.run_id) for each in runs}
        if place.run_id not in ids:
            return ()
        read = await self._runtime.threads.read(place.thread_id, caller)
        own = [each.seq for each in read if each.run_id == place.run_id]
        events = [each.event for each in read if not own or each.seq < own[0]]
        long = len(events) > LONG_LIST or is_much(events)
        return waiting_in(await unless_long(long, fold, events), place.thread_id)


async def _of_run(
    batches: AsyncGenerator[Batch, None], place: Place
) -> AsyncGenerator[Batch, None]:
    """The run's own records, up to its end."""
    async with aclosing(batches):
        async for batch in batches:
            own = [each for each in batch.records if each.run_id == place.run_id]
            if own:
                yield Batch(own, batch.cursor)
            if own and own[-1].event["type"] in TERMINAL:
                return  # another run may have begun meanwhile
            del batch, own  # nothing is held in silence


def no_response(id_: str) -> RequestError:
    return NotThere(f"Response with id '{id_[:200]}' not found")


def _after(start: Cursor) -> Cursor | None:
    """None for the start of a log."""
    return start if start.seq else None


def _ids(note: Json) -> Sequence[str]:
    return note if isinstance(note, list) else ()
