"""Events are checked once, where an agent of a user's yields them; all wrappers pass them on."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from typing import Any

import orjson
import pytest
from ag_ui.core import RunAgentInput, StateDeltaEvent, TextMessageContentEvent, TextMessageEndEvent

from agui_runtime import CopilotRuntime, FunctionAgent, Hook, StateSchema, action, wrap
from agui_runtime.core.deltas import DeltaReader
from agui_runtime.core.events import Event, RunInfo, Topics, as_event
from agui_runtime.wrappers import (
    Wrapper,
    cached,
    drop,
    limited,
    mask,
    transformed,
    with_breaker,
    with_fallback,
    with_handoff,
)
from tests.runtime.worlds import Scripted, asking, call, kinds, ran, text

START, CONTENT, END = text("m1", "Hello")
CUSTOM = {"type": "CUSTOM", "name": "seen", "value": {"n": 1}}
DELTA = [{"op": "add", "path": "/n", "value": 1}]
FRAME = 'data: {"type":"CUSTOM","name":"seen","value":{"n":1}}\n\n'
HALVES = [
    {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": half}
    for half in ("a\ud83d", "\ude00b")
]


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many events of each type were checked."""
    counts: Counter[str] = Counter()

    def counting(item: Any, note: Callable[[str], None] | None = None) -> Event:  # noqa: ANN401
        event = as_event(item, note)
        counts[event["type"]] += 1
        return event

    class CountingReader(DeltaReader):
        def read(self, item: object) -> Event | None:
            delta = super().read(item)
            counts.update([delta["type"]] if delta else [])
            return delta

    monkeypatch.setattr("agui_runtime.agents.items.as_event", counting)
    monkeypatch.setattr("agui_runtime.agents.border.DeltaReader", CountingReader)
    return counts


class Seen(Hook):
    """Remembers the events of all runs, the very objects."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def on_event(self, run: RunInfo, event: Event) -> None:
        self.events.append(event)


class Passing(Wrapper):
    """A wrapper as a user writes one: it knows nothing of marks."""

    def __init__(self, agent: object) -> None:
        super().__init__(agent)
        self.seen: list[Event] = []

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        async for event in self.agent.run(request):
            self.seen.append(event)
            yield event


def agent_of(*yielded: object) -> Callable[[RunAgentInput], AsyncIterator[object]]:
    async def agent(request: RunAgentInput) -> AsyncIterator[object]:
        for item in yielded:
            yield item

    return agent


def wrapped(agent: object) -> object:
    """Within all wrappers that there are."""
    for wrapper in (
        lambda it: transformed(it, drop("RAW")),
        lambda it: with_fallback(it, it),
        with_breaker,
        cached,
        lambda it: limited(it, 4),
        lambda it: with_handoff(it, {"other": Scripted()}),
    ):
        agent = wrapper(agent)
    return agent


@action
def weather(city: str) -> str:
    """The weather."""
    return f"sunny in {city}"


class Agreeing:
    async def check(self, request: RunAgentInput, topics: Topics) -> str | None:
        return None


def full_runtime(agent: object, *hooks: Hook) -> CopilotRuntime:
    """With all that a runtime puts around an agent."""
    return CopilotRuntime(
        {"default": wrapped(agent)},
        [weather],
        guardrails=[Agreeing()],
        states={"default": StateSchema({"type": "object"})},
        hooks=hooks,
    )


@pytest.mark.parametrize(
    ("yielded", "count"),
    [
        ([START, CONTENT, END, CUSTOM], 4),
        ([StateDeltaEvent(delta=DELTA), {"type": "STATE_DELTA", "delta": DELTA}], 2),
        ([START, TextMessageContentEvent(message_id="m1", delta="Hello")], 2),
        ([FRAME, FRAME.encode(), FRAME[:20], FRAME[20:]], 3),
        ([*call("c1", "weather", '{"city":"Rome"}')], 3),
    ],
)
async def test_an_event_is_checked_once_within_any_number_of_wrappers(
    yielded: list[object], count: int, checks: Counter[str]
) -> None:
    events = await ran(full_runtime(agent_of(*yielded)), asking(follow_up=False))
    assert events[-1]["type"] == "RUN_FINISHED"
    assert checks.total() == count


async def test_text_that_is_yielded_needs_no_check(checks: Counter[str]) -> None:
    events = await ran(full_runtime(agent_of("Hel", "lo")), asking())
    assert "".join(each.get("delta", "") for each in events) == "Hello"
    assert checks.total() == 0


async def test_what_a_hook_sees_is_what_the_first_wrapper_saw() -> None:
    inner, seen = Passing(Scripted(CUSTOM)), Seen()
    checked = wrap(inner)
    await ran(full_runtime(checked, seen), asking())
    [custom] = [event for event in seen.events if event["type"] == "CUSTOM"]
    assert custom == inner.seen[0] == CUSTOM


@pytest.mark.parametrize(
    "between",
    [
        lambda inner: FunctionAgent(lambda request: inner, "factory"),
        lambda inner: FunctionAgent(lambda request: inner.run(request), "caller"),
        lambda inner: agent_calling(inner),
        Passing,
    ],
)
async def test_an_agent_of_a_user_between_wrappers_is_one_border_more_at_most(
    between: Callable[[Any], object], checks: Counter[str]
) -> None:
    inner = wrapped(agent_of(CUSTOM, *HALVES))
    events = await ran(full_runtime(wrapped(between(inner))), asking())

    assert [event["delta"] for event in events if "delta" in event] == ["a", "\U0001f600b"]
    assert [event for event in events if event["type"] == "CUSTOM"] == [CUSTOM]
    assert checks["CUSTOM"] <= 2


def agent_calling(inner: Any) -> Callable[[RunAgentInput], AsyncIterator[Event]]:  # noqa: ANN401
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        async for event in inner.run(request):
            yield event

    return agent


async def test_a_factory_between_wrappers_is_no_border(checks: Counter[str]) -> None:
    inner = wrapped(agent_of(CUSTOM))
    await ran(full_runtime(FunctionAgent(lambda request: inner, "factory")), asking())
    assert checks["CUSTOM"] == 1


@pytest.mark.parametrize(
    "yielded",
    [
        [{"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hello"}],
        ["Hel", "lo"],
        [
            TextMessageContentEvent(message_id="m1", delta="Hello"),
            TextMessageEndEvent(message_id="m1"),
        ],
        ['data: {"type":"TEXT_MESSAGE_CHUNK","messageId":"m1","delta":"Hello"}\n\n'],
    ],
)
async def test_a_wrapper_of_a_user_gets_events_in_full(yielded: list[object]) -> None:
    start = [START] if isinstance(yielded[0], TextMessageContentEvent) else []
    passing = Passing(agent_of(*start, *yielded))
    events = await ran(CopilotRuntime({"default": limited(passing, 2)}), asking())

    assert all(type(event) is dict for event in passing.seen)
    assert kinds(passing.seen)[0] == "TEXT_MESSAGE_START"
    assert kinds(passing.seen)[-1] == "TEXT_MESSAGE_END"
    assert kinds(events)[1:-1] == kinds(passing.seen)


class Careless(Wrapper):
    """Yields what is no event in full, whatever its agent emits."""

    def __init__(self, agent: object, *items: object) -> None:
        super().__init__(agent)
        self.items = items

    async def run(self, request: RunAgentInput) -> AsyncGenerator[Any, None]:
        async for _ in self.agent.run(request):
            for item in self.items:
                yield item


def wrapping(function: Any, *yielded: object) -> object:  # noqa: ANN401
    """What a decorator makes of a method that needs no check: it is marked no more."""

    @functools.wraps(function)
    async def run(request: RunAgentInput) -> AsyncIterator[object]:
        for item in yielded:
            yield item

    return run


class Traced:
    """An agent whose `run` somebody has replaced."""

    name, description = "traced", "Its run is another's"

    def __init__(self, *yielded: object) -> None:
        self.run = wrapping(limited(Scripted(), 2).run, *yielded)


def careless_step(*yielded: Any) -> Callable[[], Callable[[Event], Iterable[Event]]]:  # noqa: ANN401
    """A transform of a user's."""
    return lambda: lambda event: yielded if event["type"] == "CUSTOM" else [event]


@pytest.mark.parametrize(
    "careless",
    [
        lambda *items: Careless(Scripted(CUSTOM), *items),
        lambda *items: wrapping(limited(Scripted(), 2).run, *items),
        Traced,
        lambda *items: transformed(Scripted(CUSTOM), careless_step(*items), mask("nothing")),
        lambda *items: transformed(Scripted(CUSTOM), mask("nothing"), careless_step(*items)),
    ],
)
async def test_what_a_user_puts_in_between_is_checked(careless: Callable[..., object]) -> None:
    runtime = CopilotRuntime({"default": with_breaker(careless("Hi", *HALVES, {"type": "RAW"}))})
    events = await ran(runtime, asking())
    deltas = [event["delta"] for event in events if "delta" in event]
    assert "".join(deltas) == "Hia\U0001f600b"
    assert {"type": "RAW", "event": None} in events

    runtime = CopilotRuntime({"default": limited(careless({"type": "NOTHING"}), 2)})
    events = await ran(runtime, asking())
    assert events[-1]["code"] == "AGENT_PROTOCOL_ERROR"


@pytest.mark.parametrize(
    ("result", "content"),
    [("a\ud83d", "a\ufffd"), ({"n": float("nan")}, '{"n":null}')],
)
async def test_what_an_action_returns_is_checked(result: object, content: str) -> None:
    def look() -> object:
        """Look."""
        return result

    actions = [action(look, return_direct=True)]
    runtime = CopilotRuntime({"default": Scripted(*call("c1", "look", "{}"))}, actions)
    events = await ran(runtime, asking(follow_up=False))
    [answer] = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert answer["content"] == content
    assert [e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT"] == [content]


class Shared:
    """A cache that others write to."""

    async def get(self, key: str) -> bytes | None:
        chunk = {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hello"}
        custom = {"type": "CUSTOM", "name": "x", "value": 1, "timestamp": 1.5}
        return orjson.dumps([custom, chunk, {"type": "RUN_FINISHED"}])

    async def put(self, key: str, answer: bytes) -> None: ...


async def test_what_a_shared_cache_holds_is_checked() -> None:
    runtime = CopilotRuntime({"default": cached(Scripted(), Shared())})
    events = await ran(runtime, asking(ephemeral=True))
    custom = {"type": "CUSTOM", "name": "x", "value": 1, "timestamp": 2}
    assert events[1:-1] == [custom, *text("m1", "Hello")]
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_an_agent_that_joins_a_runtime_later_is_checked() -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    later: Any = Scripted({"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hello"})
    runtime.agents["default"] = later
    assert kinds(await ran(runtime, asking()))[1:-1] == kinds(text("m1", "Hello"))
