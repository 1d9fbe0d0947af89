"""Long work goes to a thread, so that the event loop has its turns meanwhile.

A thread gives way every few milliseconds, but not within one call of a C library: whoever works on
what a client sent takes it in slices.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from itertools import chain
from threading import Thread
from typing import Any, ParamSpec, TypeVar

from pydantic import BaseModel

from agui_runtime.core.columns import by_type, inside, of_type

P = ParamSpec("P")
T = TypeVar("T")

SLICE = 500
"""So many messages, tools and the like are worked on in one call of a C library."""

LONG_LIST = 10 * SLICE
"""Work on a list of more items is long, however little they hold."""

MANY = 8000
"""With so many values work is long: about a chat of two thousand messages."""

LONG_TEXT = 256 * 1024
"""Parsing JSON of more bytes is long work."""

_CHARACTERS = 64
"""So many characters of a text take as long as another value."""

_THREAD = ThreadPoolExecutor(1, "agui-long-work")
"""One for all: two would take turns with the event loop and each other, and end no sooner."""


async def off_loop(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the work returns or raises; it goes on where its caller is cancelled."""
    call = partial(copy_context().run, work, *args, **kwargs)
    return await asyncio.get_running_loop().run_in_executor(_THREAD, call)


async def in_a_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What a user's function, which may block, returns or raises.

    A StopIteration becomes a RuntimeError, as in a coroutine (PEP 479): no future can raise it, and
    whoever awaits the thread would wait for ever.
    """

    def call() -> T:
        try:
            return function(*args, **kwargs)
        except StopIteration as stop:
            raise RuntimeError("the function raised StopIteration") from stop

    return await asyncio.to_thread(call)


async def beside(work: Callable[[], T]) -> T:
    """What the work returns or raises, in a thread that a process which ends does not wait for."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(found: Future[T]) -> None:
        if outcome.cancelled():
            return
        error = found.exception()
        if error is None:
            outcome.set_result(found.result())
        else:
            outcome.set_exception(error)

    def carry_out() -> None:
        found: Future[T] = Future()
        try:
            found.set_result(work())
        except BaseException as error:  # noqa: BLE001  # a thread's edge: whoever waits gets it
            found.set_exception(error)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, found)

    Thread(target=carry_out, name="agui-beside", daemon=True).start()
    return await outcome


def is_cancelled() -> bool:
    """Whether somebody cancels the current task; if not, a CancelledError in it is that of a task
    of its own, which the code in it has waited for.
    """
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def unless_long(long: bool, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """The same, but here and now if the work is not `long`."""
    return await off_loop(work, *args, **kwargs) if long else work(*args, **kwargs)


def is_much(*values: object) -> bool:
    """Whether there is so much in JSON values and models that work on all of it is long."""
    found, characters = list(values), 0
    for value in found:  # which grows meanwhile
        if isinstance(value, str):
            characters += len(value)
        elif type(value) not in _SCALARS:
            found += _inside(value)
            if len(found) > MANY:
                return True
    return len(found) + characters // _CHARACTERS > MANY


def cannot_be_much(values: int, characters: int) -> bool:
    """Whether `is_much` is false of all JSON of so many values and characters at most."""
    return values + characters // _CHARACTERS < MANY


def is_short_text(size: int) -> bool:
    """Whether `is_much` is false of all that JSON of so many bytes may hold."""
    return cannot_be_much(size // 2 + 1, size)


def slices(items: Sequence[T]) -> Iterator[list[T]]:
    """The items, so many at a time; what lists they hold themselves counts, too."""
    for start in range(0, len(items), SLICE):
        piece = list(items[start : start + SLICE])
        if len(piece) == 1 or _in_lists(piece) < SLICE:
            yield piece
        else:
            yield from _apart(piece)


def _apart(items: Sequence[T]) -> Iterator[list[T]]:
    """The same of items that hold long lists."""
    piece: list[T] = []
    room = SLICE
    for item in items:
        size = 1 + sum([len(held) for held in _inside(item) if isinstance(held, list)])
        if piece and size > room:
            yield piece
            piece, room = [], SLICE
        piece.append(item)
        room -= size
    yield piece


def _in_lists(items: Sequence[object]) -> int:
    """How many values there are in the lists that the items hold."""
    held = chain.from_iterable([inside(kind, found) for kind, found in by_type(items)])
    return sum(map(len, of_type(list(chain.from_iterable(held)), list)))


def _inside(value: Any) -> Collection[object]:  # noqa: ANN401  # any value
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, BaseModel):
        return value.__dict__.values()
    return value if isinstance(value, list | tuple) else ()


_SCALARS = frozenset({int, float, bool, type(None)})
