"""What runs, threads and messages took, as the thread routes show it: null is unknown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import UNKNOWN, Cost, MessageFigures, Tokens
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.run_lists import continuations
from agui_runtime.core.totals import Totals, summed

NO_TOKENS = Tokens()


def shown_runs(runs: Sequence[RunInfo]) -> list[JsonObject]:
    """All runs of a thread, oldest first. `continuedBy` is the run with which it went on from the
    interrupt of another; null while that waits.
    """
    pairs = zip(runs, continuations(runs), strict=True)
    return [{**_shown_run(run), "continuedBy": later} for run, later in pairs]


def shown_thread(runs: Sequence[RunInfo]) -> JsonObject:
    """The sums of its runs."""
    return shown_totals(summed(runs))


def shown_totals(totals: Totals) -> JsonObject:
    """The sums; `unpriced` of the runs used tokens whose cost is not known."""
    return {
        "runs": totals.runs,
        "milliseconds": 1000 * totals.seconds,
        **_counts(totals.tokens),
        "cost": _cost(totals.cost),
        "unpriced": totals.unpriced,
    }


def shown_message(figures: MessageFigures) -> JsonObject:
    return {
        "milliseconds": figures.milliseconds,
        **_counts(figures.tokens),
        "cost": _cost(figures.cost),
    }


def of_messages(runs: Sequence[RunInfo]) -> Mapping[str, JsonObject]:
    """By id, of all messages that the runs made."""
    return {
        each.message_id: shown_message(each)
        for run in runs
        for each in (run.figures or UNKNOWN).messages
    }


def shown_time(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _shown_run(run: RunInfo) -> JsonObject:
    figures = run.figures or UNKNOWN
    return {
        "id": run.run_id,
        "agentId": run.agent,
        "status": run.status,
        "startedAt": shown_time(run.started_at),
        "endedAt": None if run.ended_at is None else shown_time(run.ended_at),
        "milliseconds": None if run.ended_at is None else 1000 * (run.ended_at - run.started_at),
        "firstEventMilliseconds": _milliseconds(figures.first_event_seconds),
        "provider": figures.provider,
        "model": figures.model,
        **_counts(figures.tokens),
        "cost": _cost(figures.cost),
        "errorCode": figures.error_code,
        "messages": [{"id": each.message_id, **shown_message(each)} for each in figures.messages],
    }


def _counts(tokens: Tokens | None) -> Mapping[str, int | None]:
    known = tokens or NO_TOKENS
    return {
        "inputTokens": known.input,
        "outputTokens": known.output,
        "cachedInputTokens": known.cached_input,
        "cacheWriteInputTokens": known.cache_write_input,
        "reasoningTokens": known.reasoning,
    }


def _cost(cost: Cost | None) -> Mapping[str, str] | None:
    return None if cost is None else {"usd": cost.usd, "prices": cost.prices}


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds
