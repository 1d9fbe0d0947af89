"""How much may be started: runs a minute, and what they may take a day, of a caller and in all.

Sums are in the store, where all processes over it share them. A run that is under way is not cut:
what it takes counts when it has ended.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from agui_runtime.core.errors import Misconfigured, StoreUnavailable
from agui_runtime.core.figures import RunFigures
from agui_runtime.core.fingerprints import owner_digest
from agui_runtime.core.keyword_arguments import explains_arguments
from agui_runtime.core.prices import MOST_USD
from agui_runtime.core.quotas import BudgetSpent, TooManyStarts
from agui_runtime.stores.base import Counters

logger = logging.getLogger(__name__)

MINUTE, DAY = 60, 24 * 3600

BILLIONTHS = 10**9
"""Amounts of money are counted in billionths of a dollar."""

MOST_NAMES = 200
"""So many models without a price are named in the log."""


@explains_arguments
@dataclass(frozen=True, slots=True)
class Budget:
    """What runs may take in a day (UTC) before no more are started: each caller's, or with
    `per_owner` False those of all together. A run whose cost is unknown counts by its tokens alone.

    Raises Misconfigured for what is not positive, and if nothing is limited.
    """

    usd_per_day: float | Decimal | None = None
    tokens_per_day: int | None = None
    per_owner: bool = True

    def __post_init__(self) -> None:
        usd, tokens = self.usd_per_day, self.tokens_per_day
        fine = (usd is None or 0 < usd <= MOST_USD) and (tokens is None or 0 < tokens < 2**53)
        if usd is tokens is None or not fine:
            raise Misconfigured("budget: give usd_per_day or tokens_per_day, more than 0")


class Rule(NamedTuple):
    """At most so many of a unit within a window of so many seconds, of each caller or of all."""

    unit: str
    limit: int
    seconds: int
    per_owner: bool

    @property
    def what(self) -> tuple[str, bool]:
        """What it limits; two rules must not limit the same."""
        return self.unit, self.per_owner


def rules_of(
    caller_starts: int | None, starts: int | None, budgets: Iterable[Budget]
) -> tuple[Rule, ...]:
    """The rules that these limits make; raises Misconfigured for a limit that is not positive, and
    where two limit the same.
    """
    rules = [
        Rule("starts", limit, MINUTE, per_owner)
        for limit, per_owner in ((caller_starts, True), (starts, False))
        if limit is not None
    ]
    for budget in budgets:
        rules += _of_budget(budget)
    if any(rule.limit < 1 for rule in rules):
        raise Misconfigured("a limit of starts must be at least 1")
    return together(rules)


def together(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """All of them; raises Misconfigured where two limit the same."""
    if len({rule.what for rule in rules}) < len(rules):
        raise Misconfigured("starts and budgets: the same is limited twice; leave out one")
    return tuple(rules)


def _of_budget(budget: Budget) -> list[Rule]:
    rules = []
    if budget.tokens_per_day is not None:
        rules.append(Rule("tokens", budget.tokens_per_day, DAY, budget.per_owner))
    if budget.usd_per_day is not None:
        amount = max(1, int(Decimal(str(budget.usd_per_day)) * BILLIONTHS))
        rules.append(Rule("usd", amount, DAY, budget.per_owner))
    return rules


class Allowance:
    """Says whether a caller may start one more run, and counts what runs take."""

    def __init__(
        self,
        rules: Sequence[Rule],
        counters: Callable[[], Counters],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.rules = tuple(rules)
        self._counters = counters
        self._clock = clock
        self._unpriced: set[str] = set()

    def limit(self, rules: Iterable[Rule]) -> None:
        """Obey these rules, too; raises Misconfigured for another limit of what is limited."""
        known = {rule.what: rule for rule in self.rules}
        self.rules = together(list(dict.fromkeys([*known.values(), *rules])))

    async def take_start(self, owner: str) -> None:
        """Count one start; raises BudgetSpent or TooManyStarts, then none may be made."""
        spending = [rule for rule in self.rules if rule.unit != "starts"]
        if spending:
            sums = await self._counters().sums([self._key(rule, owner) for rule in spending])
            for rule, spent in zip(spending, sums, strict=True):
                if spent >= rule.limit:
                    raise BudgetSpent(_NAMES[rule.unit], self._rest(rule), own=rule.per_owner)
        for rule in self.rules:
            if rule.unit == "starts" and await self._add(rule, owner, 1) > rule.limit:
                raise TooManyStarts(rule.limit, self._rest(rule), own=rule.per_owner)

    async def spend(self, owner: str, figures: RunFigures) -> None:
        """Count what a run took that has ended. It has ended in any case: a store that cannot be
        reached is only logged.
        """
        try:
            for rule in self.rules:
                if amount := self._amount(rule, figures):
                    # More than the limit is no more than that, and may be more than a store counts.
                    await self._add(rule, owner, min(amount, rule.limit))
        except StoreUnavailable as error:
            logger.warning("what a run took counts for no budget: %s", error.message)

    def _amount(self, rule: Rule, figures: RunFigures) -> int:
        tokens, cost = figures.tokens, figures.cost
        if rule.unit == "tokens":
            return (tokens.input or 0) + (tokens.output or 0) if tokens else 0
        if rule.unit != "usd":
            return 0
        if cost is not None:
            return int(Decimal(cost.usd) * BILLIONTHS)
        if tokens is not None:
            self._report_unpriced(figures.model or "an unknown model")
        return 0

    def _report_unpriced(self, model: str) -> None:
        if model not in self._unpriced and len(self._unpriced) < MOST_NAMES:
            self._unpriced.add(model)
            logger.warning("%s has no price: what it costs counts for no budget", model)

    async def _add(self, rule: Rule, owner: str, amount: int) -> int:
        return await self._counters().add(self._key(rule, owner), amount, 2.0 * rule.seconds)

    def _key(self, rule: Rule, owner: str) -> str:
        whose = owner_digest(owner) if rule.per_owner else "all"
        return f"{rule.unit}:{whose}:{int(self._clock()) // rule.seconds}"

    def _rest(self, rule: Rule) -> int:
        """The seconds until the window ends."""
        return rule.seconds - int(self._clock()) % rule.seconds


_NAMES: Mapping[str, str] = {"tokens": "tokens", "usd": "money"}
