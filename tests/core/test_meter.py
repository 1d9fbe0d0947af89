"""A run measured by its events: times of messages, tokens of its end, what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.core.events import Event
from agui_runtime.core.figures import MessageFigures, Tokens
from agui_runtime.core.meter import RunMeter, figures_of

ANSWER: list[Event] = [
    {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"},
    {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hi"},
    {"type": "TEXT_MESSAGE_END", "messageId": "m1"},
]
CALL: list[Event] = [
    {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "f"},
    {"type": "TOOL_CALL_END", "toolCallId": "c1"},
    {"type": "TOOL_CALL_RESULT", "messageId": "t1", "toolCallId": "c1", "content": "1"},
]


def finished(*usage: Any) -> Event:  # noqa: ANN401  # whatever an agent reports
    return {"type": "RUN_FINISHED", "threadId": "t", "runId": "r", "usage": list(usage)}


def test_a_message_takes_from_its_first_event_to_its_last_and_a_result_from_its_call() -> None:
    meter = RunMeter(started_at=10.0)
    meter.feed([{"type": "RUN_STARTED"}], 10.1)
    for at, event in enumerate([*ANSWER, *CALL[:-1]], 11):
        meter.feed([event], at)
    meter.feed(CALL[-1:], 20.0)
    figures = meter.figures()
    assert figures.first_event_seconds == 1.0
    taken = {each.message_id: each.milliseconds for each in figures.messages}
    assert taken == {"m1": 2000.0, "c1": 1000.0, "t1": 5000.0}


def test_a_call_within_a_message_belongs_to_it() -> None:
    meter = RunMeter(0.0)
    meter.feed(ANSWER, 1.0)
    call: Event = {"type": "TOOL_CALL_START", "toolCallId": "c1", "parentMessageId": "m1"}
    meter.feed([call], 2.0)
    meter.feed([{"type": "TOOL_CALL_END", "toolCallId": "c1"}], 4.0)
    assert meter.figures().messages == (MessageFigures("m1", 3000.0),)


def test_a_clock_that_is_set_back_makes_no_negative_times() -> None:
    meter = RunMeter(10.0)
    meter.feed(ANSWER[:1], 9.0)
    meter.feed(ANSWER[1:], 8.0)
    figures = meter.figures()
    assert (figures.first_event_seconds, figures.messages[0].milliseconds) == (0.0, 0.0)


def test_counts_are_summed_and_what_nobody_counted_is_unknown() -> None:
    small = {"provider": "openai", "model": "small", "inputTokens": 3, "outputTokens": 1}
    large = {"provider": "openai", "model": "large", "inputTokens": 9, "cachedInputTokens": 4}
    figures = figures_of([finished(small, large)])
    assert figures.tokens == Tokens(input=12, output=1, cached_input=4)
    assert (figures.provider, figures.model) == ("openai", "large")


@pytest.mark.parametrize("usage", [(), ({},), ({"model": "m"},), ({"inputTokens": -1},)])
def test_no_count_is_unknown_and_not_nothing(usage: Any) -> None:  # noqa: ANN401
    assert figures_of([*ANSWER, finished(*usage)]).tokens is None


@pytest.mark.parametrize("count", ["3", 1.5, True, None, -2, [1]])
def test_what_is_no_count_is_left_out(count: object) -> None:
    figures = figures_of([finished({"inputTokens": count, "outputTokens": 2})])
    assert figures.tokens == Tokens(output=2)


def test_the_only_answer_of_a_run_has_all_of_its_tokens() -> None:
    counts = {"inputTokens": 3, "outputTokens": 1}
    [message] = figures_of([*ANSWER, finished(counts, counts)]).messages
    assert message.tokens == Tokens(input=6, output=2)


def test_a_model_that_was_asked_once_for_each_answer_counts_them_in_order() -> None:
    first, second = {"inputTokens": 3}, {"inputTokens": 5}
    messages = figures_of([*CALL, *ANSWER, finished(first, second)]).messages
    tokens = {each.message_id: each.tokens for each in messages}
    assert tokens == {"c1": Tokens(input=3), "t1": None, "m1": Tokens(input=5)}


def test_where_answers_and_counts_do_not_match_nobody_guesses() -> None:
    counts = [{"inputTokens": 3}, {"inputTokens": 5}, {"inputTokens": 7}]
    messages = figures_of([*CALL, *ANSWER, finished(*counts)]).messages
    assert [each.tokens for each in messages] == [None, None, None]


def test_a_failed_run_has_the_usage_until_then_and_its_code() -> None:
    error: Event = {"type": "RUN_ERROR", "message": "no", "code": "RATE_LIMITED"}
    figures = figures_of([*ANSWER[:1], error | {"usage": [{"inputTokens": 4}]}])
    assert (figures.error_code, figures.tokens) == ("RATE_LIMITED", Tokens(input=4))
