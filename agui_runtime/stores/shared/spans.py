"""The runs of a thread, the records that they take up, and which runs are to be compacted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from agui_runtime.core.events import RunInfo


class RecordedRun(NamedTuple):
    """A run and the number of its first record."""

    first: int
    run: RunInfo


class Compaction(NamedTuple):
    """Which runs of a thread are due, with the numbers of their last records; and in how many
    seconds the next one is, None if none is.
    """

    due: Sequence[tuple[RecordedRun, int]]
    next_in: float | None


def compaction(
    spans: Sequence[RecordedRun],
    end: int,
    done: Collection[int],
    now: float,
    after: float,
) -> Compaction:
    """What is to be compacted of a thread whose newest record is `end`.

    `spans` are all runs of the thread, oldest first, and `done` the first records of those that
    were compacted before. A run is due `after` seconds from its end; later runs wait for it.
    """
    ends = [span.first - 1 for span in spans[1:]] + [end]
    due: list[tuple[RecordedRun, int]] = []
    for span, last in zip(spans, ends, strict=True):
        if span.first in done:
            continue
        wait = (span.run.ended_at or now) + after - now
        if wait > 0:
            return Compaction(due, wait)
        due.append((span, last))
    return Compaction(due, None)
