"""Counts the instructions that Python carries out, in virtual time: the same work takes the same
turns on every machine.
"""

from __future__ import annotations

import asyncio
import gc
import selectors
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from _typeshed import TraceFunction

UNCOUNTED = (
    *("asyncio/base_events.py", "asyncio/events.py", "asyncio/selector_events.py"),
    *("selectors.py", "bench/counting.py", "bench/opcodes.py", "bench/opcode_asgi.py"),
)

Codes: TypeAlias = Counter[CodeType]


class Taken(NamedTuple):
    """What was counted once: instructions by the code they are in, and bytes."""

    codes: Codes
    bytes: int


@contextmanager
def counting() -> Iterator[Codes]:
    """The instructions of all frames that begin within the block, in threads that begin, too."""
    codes: Codes = Counter()

    def begin(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        code = frame.f_code
        if code.co_filename.endswith(UNCOUNTED):
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True

        def count(frame: FrameType, event: str, argument: object) -> TraceFunction:
            if event == "opcode":
                codes[code] += 1
            return count

        return count

    threading.settrace(begin)
    sys.settrace(begin)
    gc.disable()  # it calls finalizers, whenever it likes
    try:
        yield codes
    finally:
        gc.enable()
        sys.settrace(None)
        threading.settrace(None)


class VirtualTime(selectors.SelectSelector):
    """Where nothing is ready, the time comes at once for which the event loop waits."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> Any:  # noqa: ANN401  # as the base has it
        ready = super().select(timeout if timeout is None else 0)
        if not ready and timeout:
            self.now += timeout
        return ready


def in_virtual_time(work: Callable[[], Awaitable[Taken]]) -> Taken:
    clock = VirtualTime()

    def made() -> asyncio.AbstractEventLoop:
        loop = asyncio.SelectorEventLoop(clock)
        loop.time = lambda: clock.now  # type: ignore[method-assign]
        return loop

    with asyncio.Runner(loop_factory=made) as runner:
        return runner.run(_awaited(work))


async def _awaited(work: Callable[[], Awaitable[Taken]]) -> Taken:
    return await work()
