"""Numbers in the words that Grafana has for a panel's unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Step(NamedTuple):
    """What is at least so much is shown in units of that."""

    least: float
    one: float
    name: str


THOUSANDS = (Step(1e9, 1e9, " B"), Step(1e6, 1e6, " M"), Step(1e3, 1e3, " K"), Step(0, 1, ""))
SCALES: Mapping[str, Sequence[Step]] = {
    "bytes": (
        Step(2**30, 2**30, " GiB"),
        Step(2**20, 2**20, " MiB"),
        Step(2**10, 2**10, " KiB"),
        Step(0, 1, " B"),
    ),
    "currencyUSD": THOUSANDS,
    "percentunit": (Step(0, 0.01, "%"),),
    "reqps": tuple(Step(least, one, f"{name} req/s") for least, one, name in THOUSANDS),
    "s": (
        Step(3600, 3600, " hours"),
        Step(60, 60, " mins"),
        Step(1, 1, " s"),
        Step(1e-3, 1e-3, " ms"),
        Step(1e-9, 1e-6, " µs"),
        Step(0, 1, " s"),
    ),
    "short": THOUSANDS,
}


def text_of(value: float, unit: str) -> str:
    """Raises KeyError for a unit that no panel has had yet. `count:apples` is one of any name."""
    kind, _, counted = unit.partition(":")
    steps = THOUSANDS if kind == "count" else SCALES[unit]
    _, one, name = next(step for step in steps if abs(value) >= step.least)
    words = f"{_short(value / one)}{name}"
    return f"{words} {counted}" if counted else f"{'$' * (unit == 'currencyUSD')}{words}"


def _short(value: float) -> str:
    """Three digits, if there are so many to show."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
