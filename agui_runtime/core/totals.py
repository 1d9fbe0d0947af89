"""What several runs took together. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import UNKNOWN, Cost, Tokens
from agui_runtime.core.meter import MOST_TOKENS
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


UsageBy: TypeAlias = Literal["model", "agent", "day", "thread", "all"]
"""How usage is divided: by the model of most tokens, the agent, the day in UTC, the thread, or not
at all: then the key is `all`.
"""

DAY = 24 * 3600


@dataclass(frozen=True, slots=True)
class Usage:
    """What runs took that have something in common: the `key`, None where that is unknown."""

    key: str | None
    totals: Totals


def divided(runs: Iterable[RunInfo], by: UsageBy) -> list[Usage]:
    """What these runs took that have ended, by key."""
    groups: dict[str | None, list[RunInfo]] = {}
    for run in runs:
        if run.ended_at is not None:
            groups.setdefault(KEYS[by](run), []).append(run)
    return [Usage(key, summed(group)) for key, group in groups.items()]


def merged(parts: Iterable[Usage]) -> list[Usage]:
    """One for each key, in the order of the keys, the unknown one last."""
    groups: dict[str | None, list[Totals]] = {}
    for part in parts:
        groups.setdefault(part.key, []).append(part.totals)
    keys = sorted(groups, key=lambda key: (key is None, key or ""))
    return [Usage(key, added(groups[key])) for key in keys]


def added(totals: Sequence[Totals]) -> Totals:
    """All of them together."""
    unpriced = sum(each.unpriced for each in totals)
    costs = [each.cost for each in totals if each.cost is not None]
    return Totals(
        runs=sum(each.runs for each in totals),
        tokens=_tokens([each.tokens for each in totals if each.tokens is not None]),
        cost=None if unpriced else total([(Decimal(each.usd), each.prices) for each in costs]),
        unpriced=unpriced,
        seconds=sum(each.seconds for each in totals),
    )


def day_of(seconds: float) -> str:
    """The day of that moment, in UTC: `2026-11-26`."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


KEYS: Mapping[UsageBy, Callable[[RunInfo], str | None]] = {
    "model": lambda run: (run.figures or UNKNOWN).model,
    "agent": lambda run: run.agent,
    "day": lambda run: day_of(run.started_at),
    "thread": lambda run: run.thread_id,
    "all": lambda _: "all",
}
"""What runs may have in common."""


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
        sums[field.name] = min(sum(known), MOST_TOKENS) if known else None
    return Tokens(**sums)
