"""When Python looks for garbage: never while modules are imported, rarely while a server runs."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Nothing looks for garbage for the block. What is imported stays: to look at it again and
    again takes an eighth of a server's start.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def collect_rarely() -> None:
    """Logs hold many small objects and few cycles; looking for some took a third of the time.

    A look stops the whole process, for up to 100,000 new objects at a time: some 20 milliseconds.
    Every tenth of these is for all that came since the start: agents of users may leave what they
    like in cycles, which would be many megabytes before a hundredth.
    """
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)
