"""Characters that come apart between the deltas of a stream are whole for every reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import orjson
import pytest
from ag_ui.core import RunAgentInput
from hypothesis import given, strategies as some

from agui_runtime.agents.border import wrap
from agui_runtime.core.events import Event, as_event
from agui_runtime.core.fold import fold
from agui_runtime.core.jsontext import whole
from agui_runtime.core.split_characters import Halves
from tests.core.test_jsontext import HIGH, LOW

EMOJI = "\U0001f600"


def deltas_of(*deltas: str, id_: str = "m1", kind: str = "TEXT_MESSAGE_CONTENT") -> list[Event]:
    field = "toolCallId" if kind == "TOOL_CALL_ARGS" else "messageId"
    return [{"type": kind, field: id_, "delta": delta} for delta in deltas]


def end(id_: str = "m1") -> Event:
    return {"type": "TEXT_MESSAGE_END", "messageId": id_}


SNAPSHOT: Event = {"type": "STATE_SNAPSHOT", "snapshot": {}}


def joined(*events: Event) -> list[Event]:
    halves = Halves()
    return [made for event in events for made in halves.joined([event])] + halves.rest()


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (deltas_of("a" + HIGH, LOW + "b"), deltas_of("a", EMOJI + "b")),
        (deltas_of(HIGH, LOW), deltas_of(EMOJI)),
        (deltas_of(HIGH, HIGH, LOW), deltas_of("\ufffd", EMOJI)),
        (deltas_of(HIGH, "b"), deltas_of("\ufffdb")),
        (deltas_of(LOW + "a"), deltas_of("\ufffda")),
        (deltas_of(HIGH + LOW), deltas_of(EMOJI)),
        ([*deltas_of("a" + HIGH), end()], [*deltas_of("a", "\ufffd"), end()]),
        ([*deltas_of(HIGH), SNAPSHOT, *deltas_of(LOW)], [SNAPSHOT, *deltas_of(EMOJI)]),
        (
            [*deltas_of(HIGH), *deltas_of(HIGH + LOW, "x", id_="m2"), *deltas_of(LOW)],
            [*deltas_of(EMOJI, "x", id_="m2"), *deltas_of(EMOJI)],
        ),
        (
            [
                *deltas_of(HIGH),
                *deltas_of(HIGH, id_="m2"),
                *deltas_of(LOW, id_="m2"),
                *deltas_of(LOW),
            ],
            [*deltas_of(EMOJI, id_="m2"), *deltas_of(EMOJI)],
        ),
        (deltas_of(HIGH, LOW, kind="TOOL_CALL_ARGS"), deltas_of(EMOJI, kind="TOOL_CALL_ARGS")),
        (
            deltas_of(HIGH, LOW, kind="REASONING_MESSAGE_CONTENT"),
            deltas_of(EMOJI, kind="REASONING_MESSAGE_CONTENT"),
        ),
        (
            [*deltas_of("a" + HIGH), {"type": "RUN_ERROR", "message": "no"}],
            [*deltas_of("a", "\ufffd"), {"type": "RUN_ERROR", "message": "no"}],
        ),
        (
            [*deltas_of(HIGH), {"type": "MESSAGES_SNAPSHOT", "messages": []}, *deltas_of(LOW)],
            [
                *deltas_of("\ufffd"),
                {"type": "MESSAGES_SNAPSHOT", "messages": []},
                *deltas_of("\ufffd"),
            ],
        ),
        (
            [{**deltas_of(HIGH)[0], "metadata": {"n": 1}}, *deltas_of(LOW)],
            [{**deltas_of("")[0], "metadata": {"n": 1}}, *deltas_of(EMOJI)],
        ),
        (
            [{**deltas_of(HIGH)[0], "subagentRunId": "s"}, end()],
            [{**deltas_of("\ufffd")[0], "subagentRunId": "s"}, end()],
        ),
    ],
)
def test_halves_are_joined_within_their_stream_or_replaced(
    given: Sequence[Event], made: Sequence[Event]
) -> None:
    assert joined(*given) == made


def test_whole_events_are_the_very_same() -> None:
    events = [*deltas_of("a", EMOJI, "ä"), SNAPSHOT]
    assert Halves().joined(events) is events


@given(
    some.lists(
        some.tuples(
            some.sampled_from(["m1", "m2"]),
            some.text(some.sampled_from([HIGH, LOW, "a", "ä", EMOJI]), max_size=4),
        )
    )
)
def test_each_stream_says_what_its_deltas_say_together(deltas: list[tuple[str, str]]) -> None:
    given = [each for id_, delta in deltas for each in deltas_of(delta, id_=id_)]
    made = joined(*given)
    orjson.dumps(made)
    for id_ in ("m1", "m2"):
        before = "".join(each["delta"] for each in given if each["messageId"] == id_)
        after = "".join(each["delta"] for each in made if each["messageId"] == id_)
        assert after == whole(before)


@pytest.mark.parametrize(
    "chunks",
    [
        [{"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": half} for half in (HIGH, LOW)],
        [
            'data: {"type":"TEXT_MESSAGE_CHUNK","messageId":"m1","delta":"\\ud83d"}\n\n',
            b'data: {"type":"TEXT_MESSAGE_CHUNK","delta":"\\ude00"}\n\n',
        ],
        ['data: {"type":"TEXT_MESSAGE_CHUNK","messageId":"m1","delta":"\ud83d\ude00"}\n\n'],
    ],
)
def test_what_an_agent_says_in_any_spelling_is_whole(chunks: list[object]) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[object]:
        for chunk in chunks:
            yield chunk

    async def emitted() -> list[Event]:
        request = RunAgentInput.model_validate({"threadId": "t", "runId": "r", "messages": []})
        return [event async for event in wrap(agent).run(request)]

    [message] = fold(asyncio.run(emitted())).messages
    assert message["content"] == EMOJI


def test_a_half_in_an_id_is_replaced_alike_in_each_event() -> None:
    start = as_event({"type": "TEXT_MESSAGE_START", "messageId": HIGH, "role": "assistant"})
    [content] = [as_event(each) for each in deltas_of("x", id_=HIGH)]
    assert start["messageId"] == content["messageId"] == "\ufffd"
