"""A task that begins here and now, not when the event loop comes to it."""

from __future__ import annotations

from asyncio import (
    Future,
    Task,
    _enter_task,
    _leave_task,
    current_task,
    get_running_loop,
    isfuture,
)
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def begun_task(work: Coroutine[object, None, T]) -> Task[T]:
    """A task of its own for the work, which has come to its first wait, or to its end, when this
    returns. Called in a task. Where the event loop has a task factory, that decides when it begins.
    """
    loop, context, caller = get_running_loop(), copy_context(), current_task()
    assert caller is not None
    if loop.get_task_factory() is not None:  # it may begin, or wrap, what it is given
        return loop.create_task(work)
    begun = _Begun(work)
    task = loop.create_task(begun, context=context)
    _leave_task(loop, caller)
    _enter_task(loop, task)
    try:
        context.run(begun.step)
    finally:
        _leave_task(loop, task)
        _enter_task(loop, caller)
    return task


@Coroutine.register
class _Begun(Generic[T]):
    """The work, as its task goes on with it after the first `step`: a coroutine for tasks alone."""

    def __init__(self, work: Coroutine[object, None, T]) -> None:
        self._work = work
        self._wait: Future[object] | None = None
        self._end: BaseException | None = None

    def step(self) -> None:
        """To the first wait. What ends the work there is for its task."""
        try:
            wait = self._work.send(None)
        except BaseException as end:  # noqa: BLE001  # user code: raised in the task
            self._end = end
        else:
            if isfuture(wait):
                wait._asyncio_future_blocking = False  # as a task does that takes it over
                self._wait = wait

    def send(self, value: None) -> Any:  # noqa: ANN401  # what a task waits for
        """Hand over the first wait, if it lasts longer than till now."""
        return self._handed_over(self._work.send, value)

    def throw(self, *error: Any) -> Any:  # noqa: ANN401  # as of any coroutine
        """The task was cancelled before its first turn: so is what the work waits for."""
        if self._wait is not None and not self._wait.cancel():
            self._wait = None  # it is over, and the work has not seen it
        return self._handed_over(self._work.throw, *error)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # as of any coroutine
        """What those look at who show a task: the name and the frame are the work's."""
        return getattr(self._work, name)

    def _handed_over(self, go_on: Callable[..., Any], *value: Any) -> Any:  # noqa: ANN401
        """From now on the task calls the work itself, which is a call less for each wait."""
        self.send, self.throw = self._work.send, self._work.throw  # type: ignore[assignment, method-assign]
        wait, self._wait = self._wait, None
        if self._end is not None:
            raise self._end
        if wait is None:
            return go_on(*value)
        wait._asyncio_future_blocking = True
        return wait
