"""What a run cost: tokens and time, as types of the schema. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import strawberry

from agui_runtime.core.events import TERMINAL, Event, RunInfo
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO

MOST = 2**31 - 1
"""GraphQL's Int has 32 bits (specification, section 3.5.1)."""


@strawberry.type
class TokenUsage:
    """Tokens, summed over all models of a run. Reasoning is part of the output, what was cached is
    part of the input.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    total_tokens: int = 0
    reasoning_tokens: int = 0
    cached_input_tokens: int = 0


@strawberry.type
class RunTiming:
    """When a run began and ended. `firstOutputMilliseconds` is how long its caller waited for the
    first of the answer; a log does not hold it.
    """

    started_at: DateTimeISO
    ended_at: DateTimeISO | None = None
    duration_milliseconds: float | None = None
    first_output_milliseconds: float | None = None


def usage_of(events: Iterable[Event]) -> TokenUsage | None:
    """The usage that terminal events report; None if they report none."""
    entries = [entry for event in events if event["type"] in TERMINAL for entry in _entries(event)]
    if not entries:
        return None
    given, made = _sum(entries, "inputTokens"), _sum(entries, "outputTokens")
    return TokenUsage(
        input_tokens=given,
        output_tokens=made,
        total_tokens=min(given + made, MOST),
        reasoning_tokens=_sum(entries, "reasoningTokens"),
        cached_input_tokens=_sum(entries, "cachedInputTokens"),
    )


def timing_of(run: RunInfo, first_output: float | None = None) -> RunTiming:
    """The timing of a run; `first_output` is when its reader got the first of it, if known."""

    def since_start(when: float | None) -> float | None:
        return None if when is None else 1000 * (when - run.started_at)

    return RunTiming(
        started_at=moment(run.started_at),
        ended_at=None if run.ended_at is None else moment(run.ended_at),
        duration_milliseconds=since_start(run.ended_at),
        first_output_milliseconds=since_start(first_output),
    )


def moment(seconds: float) -> DateTimeISO:
    """The moment so many seconds after 1970."""
    return DateTimeISO(datetime.fromtimestamp(seconds, UTC))


def _entries(event: Event) -> Sequence[Mapping[str, Any]]:
    return event.get("usage") or ()


def _sum(entries: Iterable[Mapping[str, Any]], name: str) -> int:
    return min(sum(entry.get(name) or 0 for entry in entries), MOST)
