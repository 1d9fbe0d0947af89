"""What several runs took together. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from decimal import Decimal

from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import UNKNOWN, Cost, Tokens
from agui_runtime.core.prices import total


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over runs that have ended. `cost` is None where that of a run which used tokens is not
    known; `unpriced` counts these.
    """

    runs: int = 0
    tokens: Tokens | None = None
    cost: Cost | None = None
    unpriced: int = 0
    seconds: float = 0.0


def summed(runs: Sequence[RunInfo]) -> Totals:
    ended = [(run, run.figures or UNKNOWN) for run in runs if run.ended_at is not None]
    counted = [figures for _, figures in ended if figures.tokens is not None]
    costs = [figures.cost for figures in counted if figures.cost is not None]
    unpriced = len(counted) - len(costs)
    return Totals(
        runs=len(ended),
        tokens=_tokens([figures.tokens for figures in counted if figures.tokens is not None]),
        cost=None if unpriced else total([(Decimal(each.usd), each.prices) for each in costs]),
        unpriced=unpriced,
        seconds=sum((run.ended_at or 0.0) - run.started_at for run, _ in ended),
    )


def _tokens(counts: Sequence[Tokens]) -> Tokens | None:
    if not counts:
        return None
    sums = {}
    for field in fields(Tokens):
        known = [count for each in counts if (count := getattr(each, field.name)) is not None]
        sums[field.name] = sum(known) if known else None
    return Tokens(**sums)
