"""What the caller's runs took, as a query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import Enum

import strawberry

from agui_runtime.core.figures import Tokens
from agui_runtime.core.totals import Usage as CoreUsage, UsageBy as CoreUsageBy
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext
from agui_runtime.wires.graphql.nouns.usage import RunCost, cost_from


@strawberry.enum
class UsageBy(Enum):
    """How usage is divided: by the model of most tokens, the agent, the day (UTC), the thread."""

    MODEL = "model"
    AGENT = "agent"
    DAY = "day"
    THREAD = "thread"


_KINDS: Mapping[UsageBy, CoreUsageBy] = {
    UsageBy.MODEL: "model",
    UsageBy.AGENT: "agent",
    UsageBy.DAY: "day",
    UsageBy.THREAD: "thread",
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
