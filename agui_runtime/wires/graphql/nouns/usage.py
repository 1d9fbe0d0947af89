"""What a run took: tokens, time and money, as the schema has them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import strawberry

from agui_runtime.core.events import TERMINAL, Event, RunInfo
from agui_runtime.core.figures import UNKNOWN, Cost, RunFigures, Tokens
from agui_runtime.core.meter import tokens_of, usage_of as reported
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO

MOST = 2**31 - 1
"""GraphQL's Int has 32 bits (specification, section 3.5.1)."""


@strawberry.type
class TokenUsage:
    """Tokens, summed over all models of a run. Reasoning is part of the output, what was cached is
    part of the input. What nobody counted is null; so is the total where either of its parts is.
    """

    input_tokens: int | None
    output_tokens: int | None
    total_tokens: int | None
    reasoning_tokens: int | None
    cached_input_tokens: int | None
    cache_write_input_tokens: int | None


@strawberry.type
class RunCost:
    """An amount in US dollars as decimal text, and which prices it comes from."""

    usd: str
    prices: str


@strawberry.type
class MessageFigures:
    """What one message of a run took, from its first event to its last; null is unknown."""

    message_id: str
    milliseconds: float | None
    usage: TokenUsage | None
    cost: RunCost | None


@strawberry.type
class RunTiming:
    """When a run began and ended. `firstEventMilliseconds` is how long its agent took to emit
    anything, `firstOutputMilliseconds` how long its caller waited for the first of the answer; a
    log does not hold that.
    """

    started_at: DateTimeISO
    ended_at: DateTimeISO | None = None
    duration_milliseconds: float | None = None
    first_event_milliseconds: float | None = None
    first_output_milliseconds: float | None = None


@strawberry.type
class MeasuredRun:
    """What a run took, null where that is unknown; `model` and `provider` are those of most of its
    tokens.
    """

    timing: RunTiming
    provider: str | None
    model: str | None
    cost: RunCost | None
    error_code: str | None
    message_figures: list[MessageFigures]


def measures_of(figures: RunFigures) -> dict[str, Any]:
    """The fields of a MeasuredRun, but for its timing."""
    return {
        "provider": figures.provider,
        "model": figures.model,
        "cost": cost_from(figures.cost),
        "error_code": figures.error_code,
        "message_figures": messages_from(figures),
    }


def usage_of(events: Iterable[Event]) -> TokenUsage | None:
    """The usage that terminal events report; None if they report none."""
    entries = [each for event in events if event["type"] in TERMINAL for each in reported(event)]
    return usage_from(tokens_of(entries))


def usage_from(tokens: Tokens | None) -> TokenUsage | None:
    """Counts for the schema; None of none."""
    if tokens is None:
        return None
    given, made = _fitting(tokens.input), _fitting(tokens.output)
    return TokenUsage(
        input_tokens=given,
        output_tokens=made,
        total_tokens=None if given is None or made is None else _fitting(given + made),
        reasoning_tokens=_fitting(tokens.reasoning),
        cached_input_tokens=_fitting(tokens.cached_input),
        cache_write_input_tokens=_fitting(tokens.cache_write_input),
    )


def cost_from(cost: Cost | None) -> RunCost | None:
    return None if cost is None else RunCost(usd=cost.usd, prices=cost.prices)


def messages_from(figures: RunFigures) -> list[MessageFigures]:
    return [
        MessageFigures(
            message_id=each.message_id,
            milliseconds=each.milliseconds,
            usage=usage_from(each.tokens),
            cost=cost_from(each.cost),
        )
        for each in figures.messages
    ]


def timing_of(run: RunInfo, first_output: float | None = None) -> RunTiming:
    """The timing of a run; `first_output` is when its reader got the first of it, if known."""

    def since_start(when: float | None) -> float | None:
        return None if when is None else 1000 * (when - run.started_at)

    first_event = (run.figures or UNKNOWN).first_event_seconds
    return RunTiming(
        started_at=moment(run.started_at),
        first_event_milliseconds=None if first_event is None else 1000 * first_event,
        ended_at=None if run.ended_at is None else moment(run.ended_at),
        duration_milliseconds=since_start(run.ended_at),
        first_output_milliseconds=since_start(first_output),
    )


def moment(seconds: float) -> DateTimeISO:
    """The moment so many seconds after 1970."""
    return DateTimeISO(datetime.fromtimestamp(seconds, UTC))


def _fitting(count: int | None) -> int | None:
    return None if count is None else min(count, MOST)
