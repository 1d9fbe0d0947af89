"""Which runs of a thread are one task. Pure.

The id of a task says in which run of which thread it began. A run that follows one which waits for
an answer goes on with its task, whoever answered; but not one that an A2A client began as a task of
its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from agui_runtime.core.events import Record, RunInfo
from agui_runtime.wires.shared.self_describing_ids import Place, id_of, place_in

_PREFIX = "task_"
_BEGINS = "task-"


@dataclass(slots=True)
class TaskRuns:
    """The runs of one task, oldest first. An `abandoned` one waits no longer: its thread has gone
    on.
    """

    runs: list[RunInfo] = field(default_factory=list)
    abandoned: bool = False

    @property
    def place(self) -> Place:
        first = self.runs[0]
        return Place(first.thread_id, first.run_id)

    @property
    def id(self) -> str:
        return task_id(self.place)

    @property
    def last(self) -> RunInfo:
        return self.runs[-1]

    @property
    def changed_at(self) -> float:
        return self.last.ended_at or self.last.started_at


def new_run_id() -> str:
    """That of a run which begins a task."""
    return f"{_BEGINS}{uuid.uuid4()}"


def task_id(place: Place) -> str:
    """That of the task which begins with the run."""
    return id_of(place, _PREFIX)


def begun_at(task: str) -> Place | None:
    """Where the task of that id begins; None for what is no id of one."""
    return place_in(task, _PREFIX)


def begins_another(record: Record, last: RunInfo) -> bool:
    """Whether the record is of another task than the one of that run, which waits, or is live."""
    return record.run_id != last.run_id and record.run_id.startswith(_BEGINS)


def tasks_in(runs: Sequence[RunInfo]) -> list[TaskRuns]:
    """The tasks that the runs of a thread, oldest first, amount to."""
    found: list[TaskRuns] = []
    for run in runs:
        waits = bool(found) and found[-1].last.status == "interrupted"
        if waits and not run.run_id.startswith(_BEGINS):
            found[-1].runs.append(run)
            continue
        if waits:
            found[-1].abandoned = True
        found.append(TaskRuns([run]))
    return found
