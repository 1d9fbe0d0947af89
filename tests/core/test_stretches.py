"""What is taken together is taken as it would be one by one."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, strategies as st

from agui_runtime.core.events import Event
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.stretches import FEW, Stretch, joined
from agui_runtime.stores.memory.records import stored, weight
from tests.core.say import call, reasoning, text
from tests.core.streams import QUICK

OPENERS = [
    text("START", role="assistant"),
    call("START"),
    reasoning("MESSAGE_START", "thought", role="reasoning"),
]
DELTAS = [
    text("CONTENT", delta="a"),
    text("CONTENT", delta=""),
    text("CONTENT", delta="ä🙂"),
    call("ARGS", delta="{"),
    reasoning("MESSAGE_CONTENT", "thought", delta="hm"),
]
OTHERS = [
    text("CONTENT", "unknown", delta="a"),
    text("CONTENT", delta="a", subagentRunId="s"),
    text("CONTENT", delta="a", metadata={"k": 1}),
    text("END"),
    {"type": "STATE_DELTA", "delta": []},
    {"type": "CUSTOM", "name": "n", "value": 1},
]


@st.composite
def bursts(draw: st.DrawFn) -> list[Event]:
    """Mostly the same delta again and again, here and there another event, and any at its end."""
    most = draw(st.sampled_from(DELTAS[:3] + DELTAS))
    one = st.one_of(*[st.just(most)] * 8, st.sampled_from(DELTAS), st.sampled_from(OTHERS))
    burst = draw(st.lists(st.just(most), min_size=FEW) | st.lists(one, min_size=FEW))
    return [*burst, draw(st.sampled_from([most, *DELTAS, *OTHERS]))]


def one_by_one(grammar: Grammar, burst: Sequence[Event]) -> list[Event]:
    light = []
    for event in burst:
        if not grammar.continuing([event]):
            break
        light.append(event)
    return light


@QUICK
@given(bursts(), st.permutations(OPENERS), st.integers(0, 3))
def test_a_burst_is_taken_as_its_events_are(
    burst: list[Event], openers: list[Event], count: int
) -> None:
    grammar, together, apart = Grammar(), Fold(), Fold()
    for opener in openers[:count]:
        grammar.accept(opener)
        together.feed(opener)
        apart.feed(opener)
    light = grammar.continuing(burst)
    assert list(light) == one_by_one(grammar, burst)
    together.feed_all(light)
    for event in light:
        apart.feed(event)
    assert together == apart
    made, size = stored(light)
    assert (list(made), size) == stored(list(light))
    assert size == sum(map(weight, made))
    assert fold([*openers, *joined(burst)]) == fold(openers + burst)


def test_the_deltas_of_one_stream_are_looked_at_together() -> None:
    deltas = [text("CONTENT", delta=str(n)) for n in range(FEW + 1)]
    for end in ([], [text("END")]):
        stretch = Stretch.leading([*deltas, *end])
        assert stretch == deltas
        assert stretch.joined == text("CONTENT", delta="012345")
    assert Stretch.leading([*deltas, call("ARGS", delta="x")]) is None
