"""What runs and messages took: tokens, time, money. Nouns only; None is unknown, and never 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tokens:
    """Counts of tokens. What was cached or written to a cache is part of the input, reasoning is
    part of the output; parts are never added again.
    """

    input: int | None = None
    output: int | None = None
    cached_input: int | None = None
    cache_write_input: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """An amount in US dollars, as decimal text, and which prices it comes from."""

    usd: str
    prices: str


@dataclass(frozen=True, slots=True)
class MessageFigures:
    """What one message of a run took, from its first event to its last; a tool's result from the
    end of its call.
    """

    message_id: str
    milliseconds: float | None = None
    tokens: Tokens | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class RunFigures:
    """What a run took. `provider` and `model` are those of most of its tokens, `error_code` is that
    of its RUN_ERROR.

    `first_event_seconds` passed between its start and what its agent emitted first.
    """

    provider: str | None = None
    model: str | None = None
    tokens: Tokens | None = None
    cost: Cost | None = None
    first_event_seconds: float | None = None
    error_code: str | None = None
    messages: Sequence[MessageFigures] = ()


UNKNOWN = RunFigures()
"""Of a run that was not measured."""
