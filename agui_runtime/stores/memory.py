"""The store of one process: dicts and lists, bounded by threads, runs, bytes and age.

Nothing here survives a restart; every promise of `stores.base` holds until then.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

import orjson

from agui_runtime.errors import (
    Busy,
    Conflict,
    Gone,
    InvalidInput,
    OwnerLost,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.events import Cursor, Event, Record, RunInfo, ThreadInfo
from agui_runtime.stores.base import AgentState, Batch, Lease, Page, RunEnd

RECORD_OVERHEAD = 400
"""Bytes that one record costs beside its text: a dict, its keys and a tuple."""


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """What a memory store keeps at most. A running thread is never dropped to make room."""

    threads: int = 1000
    runs_per_thread: int = 100
    log_bytes: int = 512 * 2**20
    state_bytes: int = 2**20
    max_age: float = 7 * 24 * 3600.0


class MemoryStore:
    """A `Store` for one process and one event loop."""

    def __init__(
        self, limits: MemoryLimits | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        shelf = _Shelf(limits or MemoryLimits(), clock)
        self.states = MemoryStateStore(shelf)
        self.threads = MemoryThreadIndex(shelf)
        self.log = MemoryRunLog(shelf)

    async def open(self) -> None:
        """Nothing to connect to."""

    async def close(self) -> None:
        """Nothing to let go of."""


@dataclass(slots=True)
class _Span:
    """A run and the number of its first record."""

    run: RunInfo
    first: int


@dataclass(slots=True)
class _Thread:
    info: ThreadInfo
    records: list[Record] = field(default_factory=list)
    dropped: int = 0
    spans: list[_Span] = field(default_factory=list)
    message_ids: set[str] = field(default_factory=set)
    states: dict[str, AgentState] = field(default_factory=dict)
    size: int = 0
    lease: Lease | None = None
    on_stop: Callable[[], None] | None = None
    waiters: list[asyncio.Future[None]] = field(default_factory=list)
    deleted: bool = False

    @property
    def last(self) -> int:
        """The number of the latest record; the first record of a thread is 1."""
        return self.dropped + len(self.records)

    def version(self, agent: str) -> int:
        saved = self.states.get(agent)
        return saved.version if saved else 0

    def keep(self, agent: str, saved: AgentState, now: float) -> int:
        version = self.version(agent) + 1
        self.states[agent] = replace(saved, version=version, saved_at=now)
        return version

    def wake(self) -> None:
        waiters, self.waiters = self.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def changed(self) -> None:
        # One future for each waiter: cancelling a waiter would cancel a shared one.
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        await waiter


class _Shelf:
    """The threads, least recently used first, and the rules for making room."""

    def __init__(self, limits: MemoryLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.clock = clock
        self.epoch = uuid.uuid4().hex[:12]
        self.threads: OrderedDict[str, _Thread] = OrderedDict()
        self.size = 0

    def find(self, thread_id: str) -> _Thread:
        self._expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            raise ThreadNotFound(thread_id)
        return thread

    def obtain(self, thread_id: str, owner: str, agent: str) -> _Thread:
        """The owner's thread, made if it is new."""
        self._expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            now = self.clock()
            thread = _Thread(ThreadInfo(thread_id, owner, agent, now, now))
            self.threads[thread_id] = thread
        if thread.info.owner != owner:
            raise ThreadNotFound(thread_id)
        return thread

    def touch(self, thread: _Thread) -> None:
        thread.info = replace(thread.info, updated_at=self.clock())
        self.threads.move_to_end(thread.info.thread_id)

    def grow(self, thread: _Thread, size: int) -> None:
        thread.size += size
        self.size += size

    def drop(self, thread: _Thread) -> None:
        del self.threads[thread.info.thread_id]
        self.size -= thread.size
        thread.deleted = True
        thread.wake()

    def make_room(self, running: _Thread) -> None:
        """Drop idle threads, then the thread's own oldest runs, until the limits hold.

        Raises TooLarge if the live run is too much by itself.
        """
        if self._fits():
            return
        for thread in list(self.threads.values()):
            if thread.lease is None and thread is not running and not self._fits():
                self.drop(thread)
        while not self._fits() and len(running.spans) > 1:
            self.forget_runs(running, 1)
        if running.size > self.limits.log_bytes:
            raise TooLarge(f"the run's log exceeds {self.limits.log_bytes} bytes")

    def forget_runs(self, thread: _Thread, surplus: int) -> None:
        """Forget the thread's oldest runs, records and all; readers behind them are told `Gone`."""
        if surplus <= 0:
            return
        count = thread.spans[surplus].first - 1 - thread.dropped
        gone, thread.records = thread.records[:count], thread.records[count:]
        thread.dropped += count
        thread.spans = thread.spans[surplus:]
        self.grow(thread, -sum(_weight(record.event) for record in gone))

    def _fits(self) -> bool:
        return self.size <= self.limits.log_bytes and len(self.threads) <= self.limits.threads

    def _expire(self) -> None:
        oldest_allowed = self.clock() - self.limits.max_age

        def is_old(thread: _Thread) -> bool:
            return thread.info.updated_at < oldest_allowed

        for thread in list(takewhile(is_old, self.threads.values())):
            if thread.lease is None:
                self.drop(thread)


class MemoryRunLog:
    """`RunLog` over lists; every step is synchronous, hence atomic in one event loop."""

    def __init__(self, shelf: _Shelf) -> None:
        self._shelf = shelf

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        thread = self._shelf.obtain(run.thread_id, run.owner, run.agent)
        same = _same_run(thread, run)
        if same is not None:
            return Lease(same.run, 0, Cursor(self._shelf.epoch, same.first - 1), fresh=False)
        if thread.lease is not None:
            raise Busy(run.thread_id, thread.lease.run.run_id)
        start = Cursor(self._shelf.epoch, thread.last)
        lease = Lease(run, len(thread.spans) + 1, start, frozenset(thread.message_ids))
        thread.lease, thread.on_stop = lease, on_stop
        thread.spans.append(_Span(run, thread.last + 1))
        self._shelf.forget_runs(thread, len(thread.spans) - self._shelf.limits.runs_per_thread)
        self._shelf.touch(thread)
        self._shelf.make_room(thread)
        return lease

    async def renew(self, lease: Lease) -> None:
        self._held(lease)

    async def append(self, lease: Lease, events: Sequence[Event]) -> None:
        thread = self._held(lease)
        self._write(thread, lease, events)
        self._shelf.make_room(thread)

    async def release(self, lease: Lease, end: RunEnd) -> None:
        thread = self._held(lease)
        ended = replace(lease.run, status=end.status, ended_at=end.ended_at)
        thread.spans[-1].run = ended
        thread.message_ids |= end.message_ids
        if end.state is not None:
            thread.keep(lease.run.agent, end.state, end.ended_at)
        thread.lease = thread.on_stop = None
        self._write(thread, lease, end.events)
        self._shelf.touch(thread)

    async def follow(self, thread_id: str, after: Cursor | None) -> AsyncGenerator[Batch, None]:
        thread = self._shelf.find(thread_id)
        position = self._position(thread, after)
        while True:
            if thread.deleted:
                raise ThreadNotFound(thread_id)
            if position < thread.dropped:
                raise Gone
            records = thread.records[position - thread.dropped :]
            if records:
                position += len(records)
                yield Batch(records, Cursor(self._shelf.epoch, position))
            else:
                await thread.changed()

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

    def _held(self, lease: Lease) -> _Thread:
        thread = self._shelf.threads.get(lease.run.thread_id)
        if thread is None or thread.lease is not lease:
            raise OwnerLost
        return thread

    def _write(self, thread: _Thread, lease: Lease, events: Sequence[Event]) -> None:
        run_id, size = lease.run.run_id, 0
        for number, event in enumerate(events, thread.last + 1):
            thread.records.append(Record(number, run_id, event))
            size += _weight(event)
        self._shelf.grow(thread, size)
        thread.wake()

    def _position(self, thread: _Thread, after: Cursor | None) -> int:
        if after is None:
            return thread.dropped
        if after.epoch != self._shelf.epoch or not thread.dropped <= after.seq <= thread.last:
            raise Gone
        return after.seq


class MemoryStateStore:
    """`StateStore` kept beside the logs of the threads."""

    def __init__(self, shelf: _Shelf) -> None:
        self._shelf = shelf

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        thread = self._shelf.threads.get(thread_id)
        return thread.states.get(agent) if thread else None

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        thread = self._shelf.find(thread_id)
        version = thread.version(agent)
        if expected_version is not None and expected_version != version:
            raise Conflict(version)
        size = len(orjson.dumps([saved.state, saved.messages]))
        if size > self._shelf.limits.state_bytes:
            raise TooLarge(f"the state has {size} bytes; at most {self._shelf.limits.state_bytes}")
        return thread.keep(agent, saved, self._shelf.clock())

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        thread = self._shelf.threads.get(thread_id)
        if thread is not None:
            for name in [agent] if agent else list(thread.states):
                thread.states.pop(name, None)


class MemoryThreadIndex:
    """`ThreadIndex` by walking the threads; a memory store holds a thousand or so."""

    def __init__(self, shelf: _Shelf) -> None:
        self._shelf = shelf

    async def get(self, thread_id: str) -> ThreadInfo | None:
        thread = self._shelf.threads.get(thread_id)
        return thread.info if thread else None

    async def list(
        self,
        owner: str,
        *,
        agent: str | None = None,
        include_archived: bool = False,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page:
        before = _page_start(cursor)
        found = [
            thread.info
            for thread in self._shelf.threads.values()
            if thread.info.owner == owner
            and agent in (None, thread.info.agent)
            and (include_archived or not thread.info.archived)
            and _page_key(thread.info) < before
        ]
        found.sort(key=_page_key, reverse=True)
        page = found[:limit]
        more = len(found) > limit
        return Page(page, "{}/{}".format(*_page_key(page[-1])) if more else None)

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


def _same_run(thread: _Thread, run: RunInfo) -> _Span | None:
    if not (thread.spans and run.fingerprint):
        return None
    latest = thread.spans[-1]
    same = (latest.run.run_id, latest.run.fingerprint) == (run.run_id, run.fingerprint)
    return latest if same else None


def _weight(event: Event) -> int:
    delta = event.get("delta")
    text = len(delta) if isinstance(delta, str) else len(orjson.dumps(event))
    return RECORD_OVERHEAD + text


def _page_key(info: ThreadInfo) -> tuple[float, str]:
    return (info.updated_at, info.thread_id)


def _page_start(cursor: str | None) -> tuple[float, str]:
    if cursor is None:
        return (float("inf"), "")
    updated_at, _, thread_id = cursor.partition("/")
    try:
        return (float(updated_at), thread_id)
    except ValueError:
        raise InvalidInput("unknown page cursor; use the nextCursor of an earlier page") from None
