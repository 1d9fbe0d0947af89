"""What a memory store keeps: threads with their records, and the rules for making room."""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import takewhile

import orjson

from agui_runtime.errors import ThreadNotFound, TooLarge
from agui_runtime.events import Event, Record, RunInfo, ThreadInfo
from agui_runtime.stores.base import AgentState, Lease

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


@dataclass(slots=True)
class Span:
    """A run and the number of its first record."""

    run: RunInfo
    first: int


@dataclass(slots=True)
class Thread:
    """A thread with all that belongs to it; `dropped` counts the records that made room."""

    info: ThreadInfo
    records: list[Record] = field(default_factory=list)
    dropped: int = 0
    spans: list[Span] = field(default_factory=list)
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


class Shelf:
    """The threads, least recently used first, and the rules for making room."""

    def __init__(self, limits: MemoryLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.clock = clock
        self.epoch = uuid.uuid4().hex[:12]
        self.threads: OrderedDict[str, Thread] = OrderedDict()
        self.size = 0

    def find(self, thread_id: str) -> Thread:
        self.expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            raise ThreadNotFound(thread_id)
        return thread

    def obtain(self, thread_id: str, owner: str, agent: str) -> Thread:
        """The owner's thread, made if it is new."""
        self.expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            now = self.clock()
            thread = Thread(ThreadInfo(thread_id, owner, agent, now, now))
            self.threads[thread_id] = thread
        if thread.info.owner != owner:
            raise ThreadNotFound(thread_id)
        return thread

    def touch(self, thread: Thread) -> None:
        thread.info = replace(thread.info, updated_at=self.clock())
        self.threads.move_to_end(thread.info.thread_id)

    def grow(self, thread: Thread, size: int) -> None:
        thread.size += size
        self.size += size

    def drop(self, thread: Thread) -> None:
        del self.threads[thread.info.thread_id]
        self.size -= thread.size
        thread.deleted = True
        thread.wake()

    def make_room(self, running: Thread) -> None:
        """Drop idle threads, then the thread's own oldest runs, until the limits hold.

        Raises TooLarge if the live run is too much by itself.
        """
        if self._fits():
            return
        idle = (each for each in list(self.threads.values()) if each.lease is None)
        for thread in idle:
            if thread is not running:
                self.drop(thread)
            if self._fits():
                return
        while not self._fits() and len(running.spans) > 1:
            self.forget_runs(running, 1)
        if running.size > self.limits.log_bytes:
            raise TooLarge(f"the run's log exceeds {self.limits.log_bytes} bytes")

    def forget_runs(self, thread: Thread, surplus: int) -> None:
        """Forget the thread's oldest runs, records and all; readers behind them are told `Gone`."""
        if surplus <= 0:
            return
        count = thread.spans[surplus].first - 1 - thread.dropped
        gone = thread.records[:count]
        del thread.records[:count]
        thread.dropped += count
        thread.spans = thread.spans[surplus:]
        self.grow(thread, -sum(weight(record.event) for record in gone))

    def expire(self) -> None:
        """Drop the threads that are too old."""
        oldest_allowed = self.clock() - self.limits.max_age

        def is_old(thread: Thread) -> bool:
            return thread.info.updated_at < oldest_allowed

        for thread in list(takewhile(is_old, self.threads.values())):
            if thread.lease is None:
                self.drop(thread)

    def _fits(self) -> bool:
        return self.size <= self.limits.log_bytes and len(self.threads) <= self.limits.threads


def weight(event: Event) -> int:
    """About how many bytes a record of the event takes."""
    delta = event.get("delta")
    text = len(delta) if isinstance(delta, str) else len(orjson.dumps(event))
    return RECORD_OVERHEAD + text
