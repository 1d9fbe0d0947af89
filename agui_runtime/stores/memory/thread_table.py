"""What a memory store keeps: threads with their records, and the rules for making room."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from agui_runtime.core.copies import replace
from agui_runtime.core.errors import Busy, ThreadNotFound, TooLarge
from agui_runtime.core.events import Cursor, Event, Record, RunInfo, ThreadInfo
from agui_runtime.off_loop import is_much
from agui_runtime.stores.base import AgentState, Batch, Lease, RunEnd
from agui_runtime.stores.memory.records import (
    FEW,
    RUN_OVERHEAD,
    THREAD_OVERHEAD,
    Part,
    SavedState,
    StoredEvent,
    is_flat,
    recorded,
    saved_state,
    shared,
    stored,
    weight,
    weight_of_ids,
)
from agui_runtime.stores.shared.codec import new_epoch
from agui_runtime.stores.shared.spans import RecordedRun
from agui_runtime.stores.shared.waiters import Waiters

READY = 2048
"""So many records a reader is given at a time; those of one run are not parted for that."""

READY_BYTES = 2**20
"""So much text at a time, and of one run four times as much."""


@dataclass(frozen=True, slots=True)
class MemoryLimits:
    """What a memory store keeps at most. A running thread is never dropped to make room.

    `log_bytes` is the memory of all threads, states and ids of messages included; `state_bytes` is
    the JSON of a state that is saved by itself.
    """

    threads: int = 1000
    runs_per_thread: int = 100
    log_bytes: int = 512 * 2**20
    state_bytes: int = 2**20
    max_age: float = 7 * 24 * 3600.0


@dataclass(slots=True)
class StoredThread:
    """A thread with all that belongs to it. `dropped` counts the records that made room; `shared`
    is what several `readers` were given last, while a run is live.
    """

    info: ThreadInfo
    events: list[StoredEvent] = field(default_factory=list)
    dropped: int = 0
    spans: list[RecordedRun] = field(default_factory=list)
    message_ids: set[str] = field(default_factory=set)
    states: dict[str, SavedState] = field(default_factory=dict)
    size: int = 0
    lease: Lease | None = None
    on_stop: Callable[[], None] | None = None
    waiters: Waiters = field(default_factory=Waiters)
    readers: int = 0
    shared: Batch | None = None
    deleted: bool = False

    @property
    def last(self) -> int:
        """The number of the latest record; the first record of a thread is 1."""
        return self.dropped + len(self.events)

    def is_held_by(self, lease: Lease) -> bool:
        """Whether the lease is the one that writes the thread, whatever its run is called."""
        live = self.lease
        return live is not None and (live.token, live.start) == (lease.token, lease.start)

    def version(self, agent: str) -> int:
        saved = self.states.get(agent)
        return saved.version if saved else 0

    def next_state(self, agent: str, saved: AgentState, now: float) -> SavedState:
        """The agent's next state, to be saved; raises Unencodable."""
        return saved_state(saved, self.version(agent) + 1, now, self.states.get(agent))

    def is_much_new(self, agent: str, saved: AgentState) -> bool:
        """Whether it takes long to make the agent's next state: what was saved before does not."""
        count = shared(saved.messages, self.states.get(agent))
        new = saved.messages[count:]
        if not saved.state and len(new) <= FEW and all(map(is_flat, new)):
            return False
        return is_much(saved.state, new)

    def deltas(self, position: int) -> list[Record]:
        """What follows the position; nothing if there are other events in it than deltas, and such
        as are as small, of the latest run.
        """
        latest = self.spans[-1]
        if position + 1 < latest.first:
            return []
        events = self.events[position - self.dropped :]
        if bytes in map(type, events):
            return []
        return recorded(position + 1, latest.run.run_id, events)

    def ready(self, position: int) -> list[Part]:
        """What follows the position, or so much of it as a reader is given at a time."""
        latest = self.spans[-1]
        if position + 1 >= latest.first:  # whoever reads along
            events = self.events[position - self.dropped :]
            part = Part.of(position + 1, latest.run.run_id, events)
            if part.text < READY_BYTES:
                return [part]
        found: list[Part] = []
        count = text = 0
        for part in self._parts(position):
            if count >= READY or text >= READY_BYTES:
                break
            count += len(part.events)
            text += part.text
            found.append(part)
            if text >= 4 * READY_BYTES:
                found[-1] = part.cut(part.text - (text - 4 * READY_BYTES))
                break
        return found

    def _parts(self, position: int) -> Iterator[Part]:
        """All that follows the position, run by run."""
        place = len(self.spans) - 1
        while self.spans[place].first > position + 1:
            place -= 1
        ends = [span.first - 1 for span in self.spans[place + 1 :]]
        for span, end in zip(self.spans[place:], [*ends, self.last], strict=True):
            events = self.events[position - self.dropped : end - self.dropped]
            yield Part.of(position + 1, span.run.run_id, events)
            position = end


class ThreadTable:
    """The threads, least recently used first, and the rules for making room."""

    def __init__(self, limits: MemoryLimits, clock: Callable[[], float]) -> None:
        self.limits = limits
        self.clock = clock
        self.epoch = new_epoch()
        self.threads: OrderedDict[str, StoredThread] = OrderedDict()
        self.size = 0

    def find(self, thread_id: str) -> StoredThread:
        self.expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            raise ThreadNotFound(thread_id)
        return thread

    def obtain(self, thread_id: str, owner: str, agent: str) -> StoredThread:
        """The owner's thread, made if it is new."""
        self.expire()
        thread = self.threads.get(thread_id)
        if thread is None:
            now = self.clock()
            thread = StoredThread(ThreadInfo(thread_id, owner, agent, now, now))
            self.threads[thread_id] = thread
            self.grow(thread, THREAD_OVERHEAD)
        if thread.info.owner != owner:
            raise ThreadNotFound(thread_id)
        return thread

    def touch(self, thread: StoredThread) -> None:
        thread.info = replace(thread.info, updated_at=self.clock())
        self.threads.move_to_end(thread.info.thread_id)

    def grow(self, thread: StoredThread, size: int) -> None:
        thread.size += size
        self.size += size

    def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        """See `RunLog.claim`."""
        thread = self.obtain(run.thread_id, run.owner, run.agent)
        same = _same_run(thread, run)
        if same is not None:
            return Lease(same.run, 0, Cursor(self.epoch, same.first - 1), fresh=False)
        if thread.lease is not None:
            raise Busy(run.thread_id, thread.lease.run.run_id)
        start = Cursor(self.epoch, thread.last)
        lease = Lease(run, len(thread.spans) + 1, start, thread.message_ids)
        thread.lease, thread.on_stop = lease, on_stop
        thread.spans.append(RecordedRun(thread.last + 1, run))
        self.grow(thread, RUN_OVERHEAD)
        self.forget_runs(thread, len(thread.spans) - self.limits.runs_per_thread)
        self.touch(thread)
        self.make_room(thread)
        return lease

    def free(
        self, thread: StoredThread, lease: Lease, end: RunEnd, made: SavedState | None = None
    ) -> None:
        """Write the end of the thread's run, with the state that was made of it."""
        if made is not None:
            self.save(thread, lease.run.agent, made)
        self.remember(thread, end.message_ids)
        self.write(thread, end.events)
        thread.lease = thread.on_stop = thread.shared = None
        thread.spans[-1] = RecordedRun(thread.spans[-1].first, end.of(lease.run))
        self.touch(thread)
        self.drop_idle(thread)

    def write(self, thread: StoredThread, events: Sequence[Event]) -> None:
        """All of the events or none; raises Unencodable."""
        made, size = stored(events)
        thread.events += made
        self.grow(thread, size)
        thread.waiters.wake()

    def remember(self, thread: StoredThread, ids: frozenset[str]) -> None:
        new = ids - thread.message_ids
        thread.message_ids |= new
        self.grow(thread, weight_of_ids(new))

    def save(self, thread: StoredThread, agent: str, made: SavedState) -> None:
        """Keep it in the place of what was there."""
        self.unsave(thread, agent)
        thread.states[agent] = made
        self.grow(thread, made.weight)

    def unsave(self, thread: StoredThread, agent: str) -> None:
        saved = thread.states.pop(agent, None)
        if saved is not None:
            self.grow(thread, -saved.weight)

    def drop(self, thread: StoredThread) -> None:
        del self.threads[thread.info.thread_id]
        self.size -= thread.size
        thread.deleted = True
        thread.waiters.wake()

    @property
    def is_full(self) -> bool:
        """Whether the threads take more memory than they may."""
        return self.size > self.limits.log_bytes

    def make_room(self, running: StoredThread) -> None:
        """Drop idle threads, then the thread's own oldest runs, until the limits hold.

        Raises TooLarge if the live run is too much by itself.
        """
        if self._fits():
            return
        self.drop_idle(running)
        while not self._fits() and len(running.spans) > 1:
            self.forget_runs(running, 1)
        if running.size > self.limits.log_bytes:
            raise TooLarge(f"the thread takes more than {self.limits.log_bytes} bytes of memory")

    def forget_runs(self, thread: StoredThread, surplus: int) -> None:
        """Forget the thread's oldest runs, records and all; readers behind them are told `Gone`."""
        if surplus <= 0:
            return
        count = thread.spans[surplus].first - 1 - thread.dropped
        gone = thread.events[:count]
        del thread.events[:count]
        thread.dropped += count
        thread.spans = thread.spans[surplus:]
        self.grow(thread, -sum(map(weight, gone)) - RUN_OVERHEAD * surplus)

    def expire(self) -> None:
        """Drop the threads that are too old."""
        oldest_allowed = self.clock() - self.limits.max_age

        def is_old(thread: StoredThread) -> bool:
            return thread.info.updated_at < oldest_allowed

        for thread in list(takewhile(is_old, self.threads.values())):
            if thread.lease is None:
                self.drop(thread)

    def drop_idle(self, beside: StoredThread) -> None:
        """Drop as many of the other idle threads as it takes, those first that nobody used for
        longest.
        """
        for thread in self._droppable(beside):
            self.drop(thread)

    def _droppable(self, beside: StoredThread) -> list[StoredThread]:
        size, count = self.size - self.limits.log_bytes, len(self.threads) - self.limits.threads
        found: list[StoredThread] = []
        for thread in self.threads.values():
            if size <= 0 and count <= 0:
                break
            if thread.lease is None and thread is not beside:
                found.append(thread)
                size, count = size - thread.size, count - 1
        return found

    def _fits(self) -> bool:
        return not self.is_full and len(self.threads) <= self.limits.threads


def _same_run(thread: StoredThread, run: RunInfo) -> RecordedRun | None:
    if not (thread.spans and run.fingerprint):
        return None
    latest = thread.spans[-1]
    same = (latest.run.run_id, latest.run.fingerprint) == (run.run_id, run.fingerprint)
    return latest if same else None
