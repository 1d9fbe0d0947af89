"""Small changes of an agent's events on their way: leave out, mask, shorten. They compose."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.agents.border import Normalizer, is_normal, normal
from agui_runtime.core.events import TERMINAL, Event, as_event
from agui_runtime.core.jsontext import with_texts
from agui_runtime.wrappers.base import Wrapper

Step: TypeAlias = Callable[[Event], Iterable[Event]]
"""Takes one event of a run, and gives what stands in its place."""

Transform: TypeAlias = Callable[[], Step]
"""Makes the step for one run, with whatever it has to remember of that run."""

SHORTENED = "…"

_CONTENT = frozenset({"TEXT_MESSAGE_CONTENT", "REASONING_MESSAGE_CONTENT"})
_ENDS = frozenset({"TEXT_MESSAGE_END", "REASONING_MESSAGE_END"})
_IDS = frozenset({"type", "messageId", "toolCallId", "parentMessageId", "threadId", "runId"})


def transformed(agent: object, *transforms: Transform) -> Wrapper:
    """The agent, its events passed through the transforms in their order.

    A transform never sees `*_CHUNK` events: they are written out in full before.
    """
    return _Transformed(agent, transforms)


class _Transformed(Wrapper):
    def __init__(self, agent: object, transforms: Iterable[Transform]) -> None:
        super().__init__(agent)
        self._transforms = tuple(transforms)

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        steps = [_checked(transform()) for transform in self._transforms]
        async with aclosing(self.agent.run(request)) as events:
            async for event in events:
                for changed in _through(steps, [event]):
                    yield changed
        # An agent need not emit its end, but steps may hold something back for it.
        for changed in _through(steps, [{"type": "RUN_FINISHED"}]):
            if changed["type"] not in TERMINAL:
                yield changed


def _checked(step: Step) -> Step:
    """The step; what one of a user's gives is checked as what an agent yields is."""
    if is_normal(step):
        return step
    normalizer = Normalizer()

    def checked(event: Event) -> Iterable[Event]:
        for item in step(event):
            yield from normalizer.feed(item)
        if event["type"] in TERMINAL:
            yield from normalizer.end()

    return checked


def _through(steps: Iterable[Step], events: Iterable[Event]) -> Iterable[Event]:
    for step in steps:
        events = [changed for event in events for changed in step(event)]
    return events


def drop(*types: str) -> Transform:
    """Leave out events of these types: `drop("RAW")`. The field `rawEvent` goes with RAW.

    What opens or closes something must not be dropped alone.
    """
    unwanted = frozenset(types)

    @normal
    def step(event: Event) -> Iterable[Event]:
        if event["type"] in unwanted:
            return
        if "RAW" in unwanted and "rawEvent" in event:
            event = {key: value for key, value in event.items() if key != "rawEvent"}
        yield event

    return lambda: step


def mask(*patterns: str, replacement: str = "[hidden]", window: int = 64) -> Transform:
    """Replace what the regular expressions match, in texts, thoughts, results, states, snapshots.

    A stream lags behind by `window` characters, so that a match of that length is found although
    it comes in pieces. Arguments of tool calls are left as they are: a tool needs them.
    """
    pattern = re.compile("|".join(f"(?:{each})" for each in patterns))
    return lambda: _Mask(pattern, replacement, window).step


class _Mask:
    def __init__(self, pattern: re.Pattern[str], replacement: str, window: int) -> None:
        self._pattern = pattern
        self._replacement = replacement
        self._window = window
        self._held: dict[str, Event] = {}

    @normal
    def step(self, event: Event) -> Iterator[Event]:
        if event["type"] in _CONTENT:
            yield from self._streamed(event)
        elif event["type"] in _ENDS | TERMINAL:
            ended = [event["messageId"]] if "messageId" in event else list(self._held)
            for held in [self._held.pop(id_) for id_ in ended if id_ in self._held]:
                yield {**held, "delta": self._masked(held["delta"])}
            yield self._whole(event)
        elif event["type"] == "TOOL_CALL_ARGS":
            yield event
        else:
            yield self._whole(event)

    def _streamed(self, event: Event) -> Iterator[Event]:
        held = self._held.pop(event["messageId"], None)
        text = (held["delta"] if held else "") + event["delta"]
        cut = max(0, len(text) - self._window)
        for match in self._pattern.finditer(text):
            if match.start() < cut < match.end():
                cut = match.start()
        self._held[event["messageId"]] = {**event, "delta": text[cut:]}
        if cut:
            yield {**event, "delta": self._masked(text[:cut])}

    def _whole(self, event: Event) -> Event:
        masked = with_texts(event, self._masked, unchanged=_IDS)
        return event if masked == event else as_event(masked)  # a role, too, may have been masked

    def _masked(self, text: str) -> str:
        return self._pattern.sub(self._replacement, text)


def cap(characters: int) -> Transform:
    """Cut texts, thoughts and results of tools off after so many characters; `…` shows where."""
    return lambda: _Cap(characters).step


class _Cap:
    def __init__(self, characters: int) -> None:
        self._limit = characters
        self._remaining: dict[str, int] = {}

    @normal
    @normal
    def step(self, event: Event) -> Iterator[Event]:
        if event["type"] in _CONTENT:
            id_ = event["messageId"]
            remaining = self._remaining.get(id_, self._limit)
            self._remaining[id_] = remaining - len(event["delta"])
            if len(event["delta"]) <= remaining:
                yield event
            elif remaining >= 0:
                self._remaining[id_] = -1
                yield {**event, "delta": event["delta"][:remaining] + SHORTENED}
        elif event["type"] == "TOOL_CALL_RESULT" and isinstance(event["content"], str):
            content = event["content"]
            long = len(content) > self._limit
            yield {**event, "content": content[: self._limit] + SHORTENED} if long else event
        else:
            yield event
