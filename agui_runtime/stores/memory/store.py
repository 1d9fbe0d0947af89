"""The three seams of a store over one shelf. Every step is synchronous, hence atomic."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

from agui_runtime.errors import (
    Busy,
    Conflict,
    Gone,
    OwnerLost,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.events import Cursor, Event, RunInfo, ThreadInfo
from agui_runtime.jsontext import dumps
from agui_runtime.offloop import is_much, off_loop
from agui_runtime.stores.base import AgentState, Batch, Lease, Page, RunEnd, StateKey
from agui_runtime.stores.memory.records import SavedState, records_of, state_of
from agui_runtime.stores.memory.shelf import MemoryLimits, Shelf, Span, Thread
from agui_runtime.stores.pages import check_limit, cursor_of, place_after, place_of


class MemoryStore:
    """A `Store` for one process and one event loop."""

    def __init__(
        self, limits: MemoryLimits | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        shelf = Shelf(limits or MemoryLimits(), clock)
        self.states = MemoryStateStore(shelf)
        self.threads = MemoryThreadIndex(shelf)
        self.log = MemoryRunLog(shelf)

    async def open(self) -> None:
        """Nothing to connect to."""

    async def check(self) -> None:
        """It always answers."""

    async def close(self) -> None:
        """Nothing to let go of."""


class MemoryRunLog:
    """`RunLog` over lists; every step is synchronous, hence atomic in one event loop."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        thread = self._shelf.obtain(run.thread_id, run.owner, run.agent)
        same = _same_run(thread, run)
        if same is not None:
            return Lease(same.run, 0, Cursor(self._shelf.epoch, same.first - 1), fresh=False)
        if thread.lease is not None:
            raise Busy(run.thread_id, thread.lease.run.run_id)
        start = Cursor(self._shelf.epoch, thread.last)
        lease = Lease(run, len(thread.spans) + 1, start, thread.message_ids)
        thread.lease, thread.on_stop = lease, on_stop
        self._shelf.begin(thread, run)
        self._shelf.forget_runs(thread, len(thread.spans) - self._shelf.limits.runs_per_thread)
        self._shelf.touch(thread)
        self._shelf.make_room(thread)
        return lease

    def keep(self, lease: Lease, on_lost: Callable[[], None]) -> AbstractContextManager[None]:
        self._held(lease)
        return nullcontext()

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        thread = self._held(lease)
        self._shelf.write(thread, lease.run.run_id, events)
        self._shelf.make_room(thread)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        """To its end also where the caller is cancelled while a long state is made ready."""
        thread = self._held(lease)
        if end.state is not None and is_much(end.state.state, end.state.messages):
            await asyncio.shield(asyncio.create_task(self._release_long(thread, lease, end)))
        else:
            self._release(thread, lease, end, _next_state(thread, lease, end))

    async def _release_long(self, thread: Thread, lease: Lease, end: RunEnd) -> None:
        made = await off_loop(_next_state, thread, lease, end)
        self._release(self._held(lease), lease, end, made)

    def _release(self, thread: Thread, lease: Lease, end: RunEnd, made: SavedState | None) -> None:
        self._shelf.write(thread, lease.run.run_id, end.events)
        thread.lease = thread.on_stop = None
        thread.spans[-1].run = replace(lease.run, status=end.status, ended_at=end.ended_at)
        self._shelf.remember(thread, end.message_ids)
        if made is not None:
            self._shelf.save(thread, lease.run.agent, made)
        self._shelf.touch(thread)
        self._shelf.drop_idle(thread)

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        thread = self._shelf.find(thread_id)
        position = self._position(thread, after)
        while True:
            if position < thread.dropped:
                raise Gone
            items = thread.ready(position)
            if items:
                position += len(items)
                yield Batch(await records_of(items), Cursor(self._shelf.epoch, position))
            elif thread.deleted:  # whoever read it already gets the end of it
                raise ThreadNotFound(thread_id)
            else:
                await thread.changed()

    async def end(self, thread_id: str) -> Cursor:
        return Cursor(self._shelf.epoch, self._shelf.find(thread_id).last)

    async def active(self, thread_id: str) -> RunInfo | None:
        thread = self._shelf.threads.get(thread_id)
        return thread.lease.run if thread and thread.lease else None

    async def ask_stop(self, thread_id: str, run_id: str | None = None) -> bool:
        thread = self._shelf.threads.get(thread_id)
        live = thread.lease.run.run_id if thread and thread.lease else None
        if thread is None or live is None or run_id not in (None, live):
            return False
        if thread.on_stop is not None:
            on_stop, thread.on_stop = thread.on_stop, None
            on_stop()
        return True

    async def wait_idle(self, thread_id: str) -> None:
        thread = self._shelf.threads.get(thread_id)
        while thread is not None and thread.lease is not None:
            await thread.changed()

    def _held(self, lease: Lease) -> Thread:
        thread = self._shelf.threads.get(lease.run.thread_id)
        if thread is None or thread.lease is not lease:
            raise OwnerLost
        return thread

    def _position(self, thread: Thread, after: Cursor | None) -> int:
        if after is None:
            return thread.dropped
        if after.epoch != self._shelf.epoch or not thread.dropped <= after.seq <= thread.last:
            raise Gone
        return after.seq


class MemoryStateStore:
    """`StateStore` kept beside the logs of the threads."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        thread = self._shelf.threads.get(thread_id)
        saved = thread.states.get(agent) if thread else None
        return await state_of(saved) if saved else None

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        thread = self._shelf.find(thread_id)
        version = thread.version(agent)
        if expected_version is not None and expected_version != version:
            raise Conflict(version)
        size, most = len(dumps([saved.state, list(saved.messages)])), self._shelf.limits.state_bytes
        if size > most:
            raise TooLarge(f"the state has {size} bytes; at most {most}")
        made = thread.next_state(agent, saved, self._shelf.clock())
        self._shelf.save(thread, agent, made)
        self._shelf.drop_idle(thread)
        return made.version

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        thread = self._shelf.threads.get(thread_id)
        if thread is not None:
            for name in [agent] if agent else list(thread.states):
                self._shelf.unsave(thread, name)

    async def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        self._shelf.expire()
        for thread in list(self._shelf.threads.values()):
            if thread_id in (None, thread.info.thread_id):
                for agent in list(thread.states):
                    yield StateKey(thread.info.thread_id, agent)


class MemoryThreadIndex:
    """`ThreadIndex` by walking the threads; a memory store holds a thousand or so."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    async def get(self, thread_id: str) -> ThreadInfo | None:
        thread = self._shelf.threads.get(thread_id)
        return thread.info if thread else None

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        thread = self._shelf.obtain(thread_id, owner, agent)
        self._shelf.make_room(thread)
        return thread.info

    async def list(
        self,
        owner: str,
        *,
        agents: Collection[str] = (),
        include_archived: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        check_limit(limit)
        before = place_after(cursor)
        found = [
            thread.info
            for thread in self._shelf.threads.values()
            if thread.info.owner == owner
            and (not agents or thread.info.agent in agents)
            and (include_archived or not thread.info.archived)
            and place_of(thread.info) < before
        ]
        found.sort(key=place_of, reverse=True)
        page = found[:limit]
        more = len(found) > limit
        return Page(page, cursor_of(page[-1]) if more else None)

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        thread = self._shelf.find(thread_id)
        info = thread.info
        thread.info = replace(
            info,
            name=info.name if name is None else name,
            archived=info.archived if archived is None else archived,
        )
        return thread.info

    async def delete(self, thread_id: str) -> None:
        thread = self._shelf.find(thread_id)
        if thread.lease is not None:
            raise Busy(thread_id, thread.lease.run.run_id)
        self._shelf.drop(thread)

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        return [span.run for span in self._shelf.find(thread_id).spans]


def _next_state(thread: Thread, lease: Lease, end: RunEnd) -> SavedState | None:
    if end.state is None:
        return None
    return thread.next_state(lease.run.agent, end.state, end.ended_at)


def _same_run(thread: Thread, run: RunInfo) -> Span | None:
    if not (thread.spans and run.fingerprint):
        return None
    latest = thread.spans[-1]
    same = (latest.run.run_id, latest.run.fingerprint) == (run.run_id, run.fingerprint)
    return latest if same else None
