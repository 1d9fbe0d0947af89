"""`ListTasks`: a caller's tasks with an agent, page by page, the latest first."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import TypeAlias

from a2a.types.a2a_pb2 import ListTasksRequest, ListTasksResponse, TaskState
from a2a.utils.constants import DEFAULT_LIST_TASKS_PAGE_SIZE, MAX_LIST_TASKS_PAGE_SIZE
from a2a.utils.errors import InvalidParamsError

from agui_runtime.core.errors import GuardrailDenied
from agui_runtime.off_loop import LONG_LIST, unless_long
from agui_runtime.wires.a2a.stored_tasks import StoredTasks
from agui_runtime.wires.a2a.task_ids import TaskRuns, begun_at
from agui_runtime.wires.shared.self_describing_ids import Place

_STATES: Mapping[str, TaskState] = {
    "queued": TaskState.TASK_STATE_SUBMITTED,
    "running": TaskState.TASK_STATE_WORKING,
    "finished": TaskState.TASK_STATE_COMPLETED,
    "interrupted": TaskState.TASK_STATE_INPUT_REQUIRED,
    "stopped": TaskState.TASK_STATE_CANCELED,
    "failed": TaskState.TASK_STATE_FAILED,
}

_Place: TypeAlias = "tuple[float, Place]"
"""Where a task stands in the list."""


async def listed(
    tasks: StoredTasks, request: ListTasksRequest, history: int | None
) -> ListTasksResponse:
    """The page that the request wants; raises InvalidParamsError."""
    size = _page_size(request)
    after = _place(request.page_token) if request.page_token else None
    every = await tasks.every(request.context_id or None)
    wanted = await unless_long(len(every) > LONG_LIST, _in_order, every, request)
    start = 0 if after is None else bisect_right(wanted, after, key=_order)
    page = wanted[start : start + size]
    shown = [
        (await tasks.read(each)).events.task(history, artifacts=request.include_artifacts)
        for each in page
    ]
    return ListTasksResponse(
        tasks=shown,
        next_page_token=_token(page[-1]) if start + size < len(wanted) else "",
        page_size=size,
        total_size=len(wanted),
    )


def _in_order(every: Iterable[TaskRuns], request: ListTasksRequest) -> list[TaskRuns]:
    """Those that are wanted, on whichever page."""
    return sorted((each for each in every if _is_wanted(each, request)), key=_order)


def _page_size(request: ListTasksRequest) -> int:
    if not request.HasField("page_size"):
        return DEFAULT_LIST_TASKS_PAGE_SIZE
    if not 1 <= request.page_size <= MAX_LIST_TASKS_PAGE_SIZE:
        raise InvalidParamsError(f"pageSize: 1 to {MAX_LIST_TASKS_PAGE_SIZE}")
    return request.page_size


def _is_wanted(task: TaskRuns, request: ListTasksRequest) -> bool:
    if request.status and _state_of(task) != request.status:
        return False
    if not request.HasField("status_timestamp_after"):
        return True
    after: int = request.status_timestamp_after.ToMilliseconds()
    return int(task.changed_at * 1000) >= after


def _state_of(task: TaskRuns) -> TaskState:
    if task.abandoned:
        return TaskState.TASK_STATE_CANCELED
    figures = task.last.figures
    if figures is not None and figures.error_code == GuardrailDenied.code:
        return TaskState.TASK_STATE_REJECTED
    return _STATES[task.last.status]


def _order(task: TaskRuns) -> _Place:
    return -task.changed_at, task.place


def _token(task: TaskRuns) -> str:
    return urlsafe_b64encode(f"{task.changed_at!r} {task.id}".encode()).decode()


def _place(token: str) -> _Place:
    try:
        at, _, id_ = urlsafe_b64decode(token).decode().partition(" ")
        begun, changed = begun_at(id_), float(at)
    except ValueError:
        begun = None
    if begun is None:
        raise InvalidParamsError("pageToken: the nextPageToken of the page before")
    return -changed, begun
