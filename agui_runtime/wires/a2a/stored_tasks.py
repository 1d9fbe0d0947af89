"""Tasks as the log has them, of one caller."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from a2a.utils.errors import TaskNotFoundError

from agui_runtime.core.events import Caller, Cursor, Event, Record, RunInfo
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.a2a.task_events import Ids, TaskEvents
from agui_runtime.wires.a2a.task_ids import TaskRuns, begun_at, tasks_in


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with what its records up to the `cursor` add up to."""

    runs: TaskRuns
    events: TaskEvents
    cursor: Cursor

    @property
    def last(self) -> RunInfo:
        return self.runs.last


class StoredTasks:
    """The tasks of a caller with one agent. A task of somebody else, or of another agent, is as
    unknown as one that does not exist.
    """

    def __init__(self, threads: Threads, caller: Caller, agent: str) -> None:
        self._threads = threads
        self._caller = caller
        self._agent = agent

    async def find(self, task: str) -> StoredTask:
        """Raises TaskNotFoundError, and Forbidden."""
        place = begun_at(task)
        if place is None or await self._threads.find(place.thread_id, self._caller) is None:
            raise TaskNotFoundError
        for each in await self._of_thread(place.thread_id):
            if each.id == task:
                return await self.read(each)
        raise TaskNotFoundError

    async def read(self, task: TaskRuns) -> StoredTask:
        """The task with what the log has of it."""
        thread = task.last.thread_id
        end = await self._threads.end(thread, self._caller)
        records = await self._threads.read(thread, self._caller, upto=end)
        long = len(records) > LONG_LIST or is_much([each.event for each in records])
        events = await unless_long(long, _events, task, records)
        return StoredTask(task, events, end)

    async def every(self, context: str | None) -> list[TaskRuns]:
        """All of them, or those of one context."""
        if context is not None:
            known = await self._threads.find(context, self._caller)
            return [] if known is None else await self._of_thread(context)
        # An agent may have taken part in a thread that is not its own.
        async with aclosing(self._threads.all_runs(self._caller)) as threads:
            return [task async for runs in threads for task in self._own(runs)]

    async def _of_thread(self, thread: str) -> list[TaskRuns]:
        return self._own(await self._threads.runs(thread, self._caller))

    def _own(self, runs: Sequence[RunInfo]) -> list[TaskRuns]:
        return [each for each in tasks_in(runs) if each.runs[0].agent == self._agent]


def _events(task: TaskRuns, records: Sequence[Record]) -> TaskEvents:
    made = TaskEvents(Ids(task.id, task.last.thread_id), task.runs[0].started_at)
    for run in task.runs:
        own: list[Event] = [each.event for each in records if each.run_id == run.run_id]
        for _ in made.feed(own, run.ended_at or run.started_at):
            pass
    if task.abandoned:
        made.abandon()
    return made
