"""What the caller's runs took, as a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import strawberry

from agui_runtime.core.figures import Tokens
from agui_runtime.core.outcomes import Outcomes as CoreOutcomes, Percentiles as CorePercentiles
from agui_runtime.core.totals import Usage as CoreUsage, UsageBy as CoreUsageBy
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.nouns.usage import RunCost, cost_from


@strawberry.enum
class UsageBy(Enum):
    """How usage is divided: by the model of most tokens, the agent, the day (UTC), the thread, or
    not at all.
    """

    MODEL = "model"
    AGENT = "agent"
    DAY = "day"
    THREAD = "thread"
    ALL = "all"


_KINDS: Mapping[UsageBy, CoreUsageBy] = {
    UsageBy.MODEL: "model",
    UsageBy.AGENT: "agent",
    UsageBy.DAY: "day",
    UsageBy.THREAD: "thread",
    UsageBy.ALL: "all",
}


@strawberry.type
class Usage:
    """What runs took together that have ended and have the `key` in common; null is unknown.
    `unpriced` counts the runs whose cost is unknown; `cost` is null where there are any. Counts are
    Float, which has room for more than Int.
    """

    key: str | None
    runs: int
    milliseconds: float
    input_tokens: float
    output_tokens: float
    reasoning_tokens: float
    cached_input_tokens: float
    cache_write_input_tokens: float
    cost: RunCost | None
    unpriced: int

    @classmethod
    def of(cls, usage: CoreUsage) -> Usage:
        totals = usage.totals
        tokens = totals.tokens or Tokens()
        return cls(
            key=usage.key,
            runs=totals.runs,
            milliseconds=1000 * totals.seconds,
            input_tokens=tokens.input or 0,
            output_tokens=tokens.output or 0,
            reasoning_tokens=tokens.reasoning or 0,
            cached_input_tokens=tokens.cached_input or 0,
            cache_write_input_tokens=tokens.cache_write_input or 0,
            cost=cost_from(totals.cost),
            unpriced=totals.unpriced,
        )


async def usage_of(
    context: GraphQLExecutionContext, since: datetime | None, by: UsageBy
) -> list[Usage]:
    """Of the caller's runs that began since then."""
    seconds = None if since is None else since.timestamp()
    found = await context.runtime.usage(context.caller, seconds, _KINDS[by])
    return [Usage.of(each) for each in found]


@strawberry.type
class Failures:
    """How many runs failed with the error of this code."""

    code: str
    runs: int


@strawberry.type
class Percentiles:
    """Milliseconds that half of the runs, and 95 % of them, did not exceed (nearest rank)."""

    median: float
    p95: float

    @classmethod
    def of(cls, found: CorePercentiles | None) -> Percentiles | None:
        return None if found is None else cls(median=found.median, p95=found.p95)


@strawberry.type
class Outcomes:
    """How runs ended that have the `key` in common, and how long they took; null is unknown."""

    key: str | None
    failures: list[Failures]
    first_event: Percentiles | None
    duration: Percentiles | None

    @classmethod
    def of(cls, found: CoreOutcomes) -> Outcomes:
        return cls(
            key=found.key,
            failures=[Failures(code=code, runs=runs) for code, runs in found.failures.items()],
            first_event=Percentiles.of(found.first_event),
            duration=Percentiles.of(found.duration),
        )


async def outcomes_of(
    context: GraphQLExecutionContext, since: datetime | None, by: UsageBy
) -> list[Outcomes]:
    """Of the caller's runs that began since then."""
    seconds = None if since is None else since.timestamp()
    found = await context.runtime.threads.outcomes(context.caller, seconds, _KINDS[by])
    return [Outcomes.of(each) for each in found]
