"""How runs ended and how long they took: counted, and read as percentiles. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import UNKNOWN
from agui_runtime.core.totals import KEYS, UsageBy

Counted: TypeAlias = Literal["duration", "first_event", "failure"]


@dataclass(frozen=True, slots=True)
class Tally:
    """So many `runs` of a `key` have this value: a time in whole milliseconds, or the code of the
    error that they failed with.
    """

    key: str | None
    of: Counted
    value: int | str
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds that half of the runs, and 95 % of them, did not exceed: those of the run at
    this place in their order (nearest rank), exact to the millisecond.
    """

    median: int
    p95: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the runs of a `key` ended: failures by code, times where any is known."""

    key: str | None
    failures: Mapping[str, int] = field(default_factory=dict)
    first_event: Percentiles | None = None
    duration: Percentiles | None = None


def tallied(runs: Iterable[RunInfo], by: UsageBy) -> list[Tally]:
    """A tally for each figure of each run that has ended."""
    ended = [run for run in runs if run.ended_at is not None]
    return [Tally(KEYS[by](run), *each) for run in ended for each in _figures(run)]


def outcomes_of(tallies: Iterable[Tally]) -> list[Outcomes]:
    """One for each key, in the order of the keys, the unknown one last."""
    groups: dict[str | None, dict[Counted, Counter[int | str]]] = {}
    for tally in tallies:
        counts = groups.setdefault(tally.key, {})
        counts.setdefault(tally.of, Counter())[tally.value] += tally.runs
    keys = sorted(groups, key=lambda key: (key is None, key or ""))
    return [_outcomes(key, groups[key]) for key in keys]


def whole_milliseconds(seconds: float) -> int:
    return int(1000 * seconds + 0.5)


def _figures(run: RunInfo) -> Iterator[tuple[Counted, int | str]]:
    figures = run.figures or UNKNOWN
    yield "duration", whole_milliseconds((run.ended_at or 0.0) - run.started_at)
    if figures.first_event_seconds is not None:
        yield "first_event", whole_milliseconds(figures.first_event_seconds)
    if run.status == "failed":
        yield "failure", figures.error_code or UNKNOWN_CODE


UNKNOWN_CODE = "unknown"
"""Of a run that failed before its code was remembered."""


def _outcomes(key: str | None, counts: Mapping[Counted, Counter[int | str]]) -> Outcomes:
    return Outcomes(
        key,
        {str(code): runs for code, runs in counts.get("failure", Counter()).most_common()},
        _percentiles(counts.get("first_event")),
        _percentiles(counts.get("duration")),
    )


def _percentiles(counts: Counter[int | str] | None) -> Percentiles | None:
    if not counts:
        return None
    order = sorted((int(value), runs) for value, runs in counts.items())
    return Percentiles(_at(50, order), _at(95, order))


def _at(percent: int, order: list[tuple[int, int]]) -> int:
    rank = -(-percent * sum(runs for _, runs in order) // 100)
    for value, runs in order:
        rank -= runs
        if rank <= 0:
            return value
    raise ValueError("no runs")
