"""The latest records of the threads that this process reads, and which of them it writes itself.

What stands here only saves a look into the log; whoever missed something finds it there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import contextmanager

from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Cursor, Event
from agui_runtime.stores.shared.recent_records import RecentRecords


class Tails:
    """One `RecentRecords` for each thread that has readers here, however many they are, or that is
    written here.

    `name_of` makes the name under which other processes publish a thread's news out of its id.
    `changed` is set when the set of threads whose news is `wanted` may have changed.
    """

    def __init__(self, name_of: Callable[[str], str] = str) -> None:
        self.name_of = name_of
        self.changed = asyncio.Event()
        self._tails: dict[str, RecentRecords] = {}
        self._written_here: set[str] = set()

    @contextmanager
    def reading(self, thread_id: str) -> Iterator[RecentRecords]:
        """The thread's tail, which is there as long as somebody is in the block."""
        tail = self._obtained(thread_id)
        tail.readers += 1
        try:
            yield tail
        finally:
            tail.readers -= 1
            self._drop_unused(tail)

    def wanted(self) -> Set[str]:
        """The names of the threads that are read here and written by others."""
        return self._tails.keys() - self._written_here

    def named(self, name: str) -> RecentRecords | None:
        """The tail of the thread of that name, if it is read here."""
        return self._tails.get(name)

    def others(self) -> Sequence[RecentRecords]:
        """The tails of threads that this process does not write."""
        return [self._tails[name] for name in self.wanted()]

    def begin_writing(self, thread_id: str, end: Cursor) -> None:
        """From now on only this process writes the thread, whose log ends there, and fills its tail
        itself: whoever reads the run need not look into the log.
        """
        self._written_here.add(self.name_of(thread_id))
        self._obtained(thread_id).begin(end)
        self.changed.set()

    def is_writing(self, thread_id: str) -> bool:
        """Whether a run of this process writes the thread."""
        return self.name_of(thread_id) in self._written_here

    def end_writing(self, thread_id: str) -> None:
        """Others may write the thread again."""
        name = self.name_of(thread_id)
        self._written_here.discard(name)
        self.changed.set()
        if (tail := self._tails.get(name)) is not None:
            self._drop_unused(tail)

    def lost(self, thread_id: str, failure: OwnerLost | None) -> None:
        """This process no longer writes the thread: whoever does so next is not known. Its readers
        here are given the failure, if there is one, and otherwise look into the log.
        """
        tail = self._tails.get(self.name_of(thread_id))
        if tail is not None and failure is not None:
            tail.fail(failure)
        elif tail is not None:
            tail.orphan()

    def doubt(self, thread_id: str) -> None:
        """The log is not what this process wrote: readers look into it."""
        tail = self._tails.get(self.name_of(thread_id))
        if tail is not None:
            tail.forget()

    def stored(
        self, thread_id: str, epoch: str, first: int, run_id: str, events: Sequence[Event]
    ) -> None:
        """This process stored the events; its readers need not wait for the news of it."""
        tail = self._tails.get(self.name_of(thread_id))
        if tail is not None:
            tail.add(epoch, first, run_id, events)

    def forget(self) -> None:
        """News may have been missed: every reader looks into the log."""
        for tail in list(self._tails.values()):
            tail.forget()

    def _obtained(self, thread_id: str) -> RecentRecords:
        name = self.name_of(thread_id)
        tail = self._tails.get(name)
        if tail is None:
            tail = self._tails[name] = RecentRecords(thread_id)
            self.changed.set()
        return tail

    def _drop_unused(self, tail: RecentRecords) -> None:
        name = self.name_of(tail.thread_id)
        if not tail.readers and name not in self._written_here:
            del self._tails[name]
            self.changed.set()
