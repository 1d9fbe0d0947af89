"""Measures a run by its events: how long its messages took, and which tokens its end reports. Pure:
whoever feeds it says what time it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.figures import MessageFigures, RunFigures, Tokens
from agui_runtime.core.jsontext import JsonObject

MOST_TOKENS = 2**53 - 1
"""AG-UI's own bound of a count: the largest number that survives JSON everywhere."""


class RunMeter:
    """Takes the events of one run in their order, then says what the run took.

    Without times (`at` None) it measures what the events alone say.
    """

    def __init__(self, started_at: float | None = None) -> None:
        self._started_at = started_at
        self._first_at: float | None = None
        self._spans: dict[str, _Span] = {}
        self._calls: dict[str, _Call] = {}
        self._end: Event = {}

    def feed(self, events: Collection[Event], at: float | None = None) -> None:
        if self._first_at is None and any(event["type"] not in _ENDS for event in events):
            self._first_at = at
        for event in events:
            kind = event["type"]
            if kind in _MARKS:
                self._mark(kind, event, at)
            elif kind in TERMINAL:
                self._end = event

    def figures(self) -> RunFigures:
        entries = usage_of(self._end)
        provider, model = _most_used(entries)
        return RunFigures(
            provider=provider,
            model=model,
            tokens=tokens_of(entries),
            first_event_seconds=_between(self._started_at, self._first_at),
            error_code=self._end.get("code") if self._end.get("type") == "RUN_ERROR" else None,
            messages=self._messages(entries),
        )

    def usage(self) -> Sequence[JsonObject]:
        """What the run's end reports, by provider and model."""
        return usage_of(self._end)

    def usage_by_message(self) -> Mapping[str, Sequence[JsonObject]]:
        """The part of it that each answer took, where that is known: a model that was asked once
        for each reports them in their order.
        """
        return self._by_message(self.usage())

    def _mark(self, kind: str, event: Event, at: float | None) -> None:
        if kind in {"TOOL_CALL_START", "TOOL_CALL_END"}:
            id_ = event["toolCallId"]
            call = self._calls.setdefault(id_, _Call(event.get("parentMessageId") or id_))
            call.last_at = at
            self._extend(call.message_id, "assistant", at, at)
        elif kind == "TOOL_CALL_RESULT":
            called = self._calls.get(event["toolCallId"])
            self._extend(event["messageId"], "tool", called.last_at if called else at, at)
        else:
            role = "reasoning" if kind.startswith("REASONING") else event.get("role", "assistant")
            self._extend(event["messageId"], role, at, at)

    def _extend(self, id_: str, role: str, begun_at: float | None, at: float | None) -> None:
        self._spans.setdefault(id_, _Span(role, begun_at)).last_at = at

    def _by_message(self, entries: Sequence[JsonObject]) -> Mapping[str, Sequence[JsonObject]]:
        answers = [id_ for id_, span in self._spans.items() if span.role == "assistant"]
        return _by_answer(answers, entries)

    def _messages(self, entries: Sequence[JsonObject]) -> tuple[MessageFigures, ...]:
        usage = self._by_message(entries) if entries else {}
        return tuple(
            MessageFigures(id_, _milliseconds(span), tokens_of(usage.get(id_, ())))
            for id_, span in self._spans.items()
        )


def figures_of(events: Collection[Event]) -> RunFigures:
    """What the events of a run say of it, without any times."""
    meter = RunMeter()
    meter.feed(events)
    return meter.figures()


def usage_of(end: Event) -> Sequence[JsonObject]:
    """The usage that a terminal event reports, by provider and model; entries without a count are
    left out.
    """
    entries = end.get("usage") or ()
    return [each for each in entries if any(_count(each, name) is not None for name in _NAMES)]


def tokens_of(entries: Sequence[JsonObject]) -> Tokens | None:
    """The sums over the entries; None where there are none."""
    if not entries:
        return None
    return Tokens(**{field: _sum(entries, name) for name, field in _NAMES.items()})


class _Span:
    """When a message began and when it was last added to."""

    __slots__ = ("begun_at", "last_at", "role")

    def __init__(self, role: str, at: float | None) -> None:
        self.role = role
        self.begun_at = self.last_at = at


class _Call:
    """The message that a call of a tool belongs to, and when the model was done with it."""

    __slots__ = ("last_at", "message_id")

    def __init__(self, message_id: str) -> None:
        self.message_id = message_id
        self.last_at: float | None = None


def _by_answer(
    answers: Sequence[str], entries: Sequence[JsonObject]
) -> Mapping[str, Sequence[JsonObject]]:
    if len(answers) == 1:
        return {answers[0]: entries}
    if len(answers) != len(entries):
        return {}
    return {id_: [entry] for id_, entry in zip(answers, entries, strict=True)}


def _most_used(entries: Sequence[JsonObject]) -> tuple[str | None, str | None]:
    if not entries:
        return None, None
    most = max(
        entries,
        key=lambda each: (_count(each, "inputTokens") or 0) + (_count(each, "outputTokens") or 0),
    )
    provider, model = most.get("provider"), most.get("model")
    return (
        provider if isinstance(provider, str) else None,
        model if isinstance(model, str) else None,
    )


def _sum(entries: Iterable[JsonObject], name: str) -> int | None:
    counts = [count for each in entries if (count := _count(each, name)) is not None]
    return min(sum(counts), MOST_TOKENS) if counts else None


def _count(entry: JsonObject, name: str) -> int | None:
    """A count; what is negative or no whole number is none."""
    count = entry.get(name)
    return count if type(count) is int and count >= 0 else None


def _milliseconds(span: _Span) -> float | None:
    seconds = _between(span.begun_at, span.last_at)
    return None if seconds is None else round(1000 * seconds, 3)


def _between(start: float | None, end: float | None) -> float | None:
    """A clock may be set back meanwhile."""
    return None if start is None or end is None else max(0.0, end - start)


_NAMES = {
    "inputTokens": "input",
    "outputTokens": "output",
    "cachedInputTokens": "cached_input",
    "cacheWriteInputTokens": "cache_write_input",
    "reasoningTokens": "reasoning",
}
"""AG-UI's names of the counts, and ours."""

_ENDS = TERMINAL | {"RUN_STARTED"}
"""What an agent's first event is none of."""

_MARKS = frozenset(
    {
        *("TEXT_MESSAGE_START", "TEXT_MESSAGE_END"),
        *("REASONING_MESSAGE_START", "REASONING_MESSAGE_END"),
        *("TOOL_CALL_START", "TOOL_CALL_END", "TOOL_CALL_RESULT"),
    }
)
"""Events with which a message begins or is added to for the last time."""
