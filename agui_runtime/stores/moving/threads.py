"""Threads taken out of one store and put into another, whatever kinds these are.

What is put in gets an epoch of the new store: no cursor of the old one reads anything there.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from agui_runtime.core.errors import (
    AguiError,
    InvalidInput,
    ProtocolFailure,
    StateUnreadable,
    ThreadNotFound,
)
from agui_runtime.core.events import TERMINAL, Event, ThreadInfo
from agui_runtime.core.fold import Fold
from agui_runtime.stores.base import Deriving, Lease, RunEnd, StateKey, Store
from agui_runtime.stores.moving.thread_lines import (
    RunLine,
    StateLine,
    ThreadLine,
    line_of,
    run_line,
    state_line,
    thread_line,
    thread_of,
)
from agui_runtime.stores.shared.private_notes import PRIVATE_NOTES

SLICE = 256
"""So many events are appended in one step."""


@dataclass(slots=True)
class Moved:
    """How many threads, runs and states were taken out or put in, and what was not, by thread or
    by the number of its line.
    """

    threads: int = 0
    runs: int = 0
    states: int = 0
    problems: dict[str, str] = field(default_factory=dict)


async def exported(
    store: Store, moved: Moved, *, owner: str | None = None, thread_id: str | None = None
) -> AsyncGenerator[bytes, None]:
    """The threads as lines, those first that were used longest ago; close it (`aclosing`).

    A run that is live is left out, and so are PRIVATE_NOTES. `moved` counts.
    """
    for thread in await _threads(store, owner, thread_id):
        try:
            yield thread_line(thread)
            moved.threads += 1
            async with aclosing(_runs(store, thread, moved)) as lines:
                async for line in lines:
                    yield line
            async with aclosing(_states(store, thread, moved)) as lines:
                async for line in lines:
                    yield line
        except ThreadNotFound:
            moved.problems[thread.thread_id] = "it was deleted meanwhile"


async def import_lines(store: Store, lines: Iterable[bytes]) -> Moved:
    """Put in what was taken out. A thread that is there already is left as it is, and one that
    cannot be put in whole is taken away again; the others are put in.
    """
    moved, arriving = Moved(), _Arriving(store)
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = line_of(text)
            if isinstance(line, ThreadLine):
                await arriving.begin(line.thread)
                moved.threads += 1
            elif not arriving.takes(thread_of(line)):
                continue
            elif isinstance(line, RunLine):
                await arriving.add_run(line)
                moved.runs += 1
            else:
                await arriving.add_state(line)
                moved.states += 1
        except AguiError as error:
            moved.problems[f"line {number}"] = error.message
            moved.threads -= await arriving.give_up()
    await arriving.finish()
    return moved


class _Arriving:
    """The thread that is being put in."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._thread: ThreadInfo | None = None
        self._given_up = False

    def takes(self, thread_id: str) -> bool:
        """Whether what follows belongs to the thread; raises InvalidInput for another's."""
        if self._given_up:
            return False
        if self._thread is None or self._thread.thread_id != thread_id:
            raise InvalidInput(f"the line of thread {thread_id!r} itself has to come before")
        return True

    async def begin(self, thread: ThreadInfo) -> None:
        await self.finish()
        self._thread, self._given_up = None, True
        if await self._store.threads.get(thread.thread_id) is not None:
            raise InvalidInput(f"thread {thread.thread_id!r} is there already; it stays as it is")
        await self._store.threads.obtain(thread.thread_id, thread.owner, thread.agent)
        self._thread, self._given_up = thread, False

    async def add_run(self, line: RunLine) -> None:
        run = replace(line.run, status="running", ended_at=None, figures=None)
        lease = await self._store.log.claim(run, _ignore)
        if not lease.fresh:
            raise InvalidInput(f"run {run.run_id!r} is there twice")
        rest, last = _parted(line.events)
        end = RunEnd(
            last,
            line.run.status,
            line.run.ended_at or line.run.started_at,
            _ids(line.events),
            figures=line.run.figures,
        )
        with self._store.log.keep(lease, _ignore):
            await self._write(lease, rest, end)

    async def add_state(self, line: StateLine) -> None:
        await self._store.states.save(line.thread_id, line.agent, line.saved, 0)

    async def finish(self) -> None:
        """The thread is whole: give it its name back, and let its messages be found."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if isinstance(self._store, Deriving):
            await self._store.derive(thread.thread_id)
        if thread.name is not None or thread.archived:
            await self._store.threads.update(
                thread.thread_id, name=thread.name, archived=thread.archived
            )

    async def give_up(self) -> int:
        """Take the thread away again; how many there were to take away."""
        thread, self._thread, self._given_up = self._thread, None, True
        if thread is None:
            return 0
        with suppress(ThreadNotFound):
            await self._store.threads.delete(thread.thread_id)
        return 1

    async def _write(self, lease: Lease, events: Sequence[Event], end: RunEnd) -> None:
        try:
            for part in _slices(events):
                await self._store.log.append(lease, part)
        except AguiError:
            await self._store.log.release(lease, replace(end, figures=None))  # frees the thread
            raise
        await self._store.log.release(lease, end)


def _ignore() -> None:
    """Nobody stops what is put in."""


async def _threads(store: Store, owner: str | None, thread_id: str | None) -> Sequence[ThreadInfo]:
    found = []
    async with aclosing(store.threads.ids()) as ids:
        async for each in ids:
            thread = await store.threads.get(each) if thread_id in (None, each) else None
            if thread is not None and owner in (None, thread.owner):
                found.append(thread)
    return sorted(found, key=lambda thread: thread.updated_at)


async def _runs(store: Store, thread: ThreadInfo, moved: Moved) -> AsyncGenerator[bytes, None]:
    ended = iter(await store.threads.runs(thread.thread_id))
    async with aclosing(_logs(store, thread.thread_id)) as logs:
        async for run_id, events in logs:
            run = next((each for each in ended if each.run_id == run_id), None)
            if run is not None and run.ended_at is not None:
                yield run_line(run, events)
                moved.runs += 1
    live = await store.log.active(thread.thread_id)
    if live is not None:
        moved.problems[thread.thread_id] = f"run {live.run_id} is live and was left out"


async def _logs(store: Store, thread_id: str) -> AsyncGenerator[tuple[str, Sequence[Event]], None]:
    """The runs that are whole, each with its events."""
    end = await store.log.end(thread_id)
    if not end.seq:
        return
    events: list[Event] = []
    async with aclosing(store.log.follow(thread_id, None)) as batches:
        async for batch in batches:
            for record in batch.records:
                events.append(record.event)
                if record.event["type"] in TERMINAL:
                    yield record.run_id, events
                    events = []
            if batch.cursor.seq >= end.seq:
                return


async def _states(store: Store, thread: ThreadInfo, moved: Moved) -> AsyncGenerator[bytes, None]:
    async with aclosing(store.states.keys(thread.thread_id)) as keys:
        for key in [each async for each in keys if each.agent not in PRIVATE_NOTES]:
            line = await _state(store, key, moved)
            if line is not None:
                yield line
                moved.states += 1


async def _state(store: Store, key: StateKey, moved: Moved) -> bytes | None:
    try:
        saved = await store.states.load(*key)
    except StateUnreadable as error:
        moved.problems[f"{key.thread_id}, {key.agent}"] = error.message
        return None
    return None if saved is None else state_line(*key, saved)


def _parted(events: Sequence[Event]) -> tuple[Sequence[Event], Sequence[Event]]:
    """What is appended, and what ends the run."""
    ends = bool(events) and events[-1]["type"] in TERMINAL
    return (events[:-1], events[-1:]) if ends else (events, ())


def _slices(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for start in range(0, len(events), SLICE):
        yield events[start : start + SLICE]


def _ids(events: Sequence[Event]) -> frozenset[str]:
    fold = Fold()
    for event in events:
        with suppress(ProtocolFailure):  # it follows upon a record that cannot be read
            fold.feed(event)
    return fold.ids
