"""One story in chapters, and what every connector's telling of it must add up to.

A chapter is what people say and do; who carries it out stands in `tellers`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from agui_runtime.core.events import Event, Message
from tests.connectors.page import Page, resume
from tests.connectors.talk import tool

PLAIN = "Good morning"
THOUGHTFUL = "[reasoning:Hm.] hello"
FORECAST = '[tool:forecast {"city":"Oslo"}]'
SHOW = '[tool:show {"city":"Oslo"}]'
TWICE = '[tool:forecast {"city":"Oslo"}] [tool:forecast {"city":"Rome"}]'
STATEFUL = "[state] hello"
WEATHER = '[tool:weather {"city":"Oslo"}]'
BREAKING = "[midfail:3] hello"
ENDLESS = "[n:9] [hang:3]"

BEFORE_THE_STOP = "tok0 tok1 "


def forecast(city: str) -> str:
    """Tell tomorrow's weather; anybody may ask."""
    return f"sunny in {city}"


def weather(city: str) -> str:
    """Look at the sky, which needs a permission."""
    return f"sunny in {city}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a telling adds up to; `how` its runs ended."""

    messages: Sequence[Any]
    how: Sequence[str]
    state: Any = None


Chapter: TypeAlias = Callable[[Page], Awaitable[Outcome]]


async def _text(page: Page) -> Outcome:
    return folded(page, await page.say(PLAIN))


async def _reasoning(page: Page) -> Outcome:
    return folded(page, await page.say(THOUGHTFUL))


async def _backend_tool(page: Page) -> Outcome:
    return folded(page, await page.say(FORECAST))


async def _frontend_tool(page: Page) -> Outcome:
    first = await page.say(SHOW, tools=[tool("show")])
    [call] = [call for message in page.messages for call in message.get("toolCalls") or ()]
    result = {"id": "x", "role": "tool", "toolCallId": call["id"], "content": "shown"}
    page.messages.append(result)
    return folded(page, first, await page.go(tools=[tool("show")]))


async def _parallel_tools(page: Page) -> Outcome:
    return folded(page, await page.say(TWICE))


async def _state(page: Page) -> Outcome:
    events = await page.say(STATEFUL)
    saved = await page.runtime.store.states.load(page.thread, page.agent or "default")
    assert saved is not None
    return folded(page, events, state=saved.state)


async def _interrupt(page: Page) -> Outcome:
    first = await page.say(WEATHER)
    if _outcome(first) == "interrupt":
        answer: dict[str, Any] = {"resume": resume(first, {"approved": True})}
    else:
        answer = {"forwardedProps": {"command": {"resume": "yes"}}}
    return folded(page, first, await page.go(**answer))


async def _error_in_a_message(page: Page) -> Outcome:
    return folded(page, await page.say(BREAKING))


async def _stop(page: Page) -> Outcome:
    return folded(page, await page.stopped_after(ENDLESS, BEFORE_THE_STOP))


CHAPTERS: dict[str, Chapter] = {
    "text": _text,
    "reasoning": _reasoning,
    "backend tool": _backend_tool,
    "frontend tool": _frontend_tool,
    "parallel tools": _parallel_tools,
    "state": _state,
    "interrupt": _interrupt,
    "error in a message": _error_in_a_message,
    "stop": _stop,
}


def _user(text: str) -> Any:  # noqa: ANN401  # what `_plain` makes of a message
    return ("user", text)


def _call(*calls: tuple[str, str]) -> Any:  # noqa: ANN401
    return ("assistant", "", calls)


def _assistant(text: str) -> Any:  # noqa: ANN401
    return ("assistant", text)


EXPECTED: dict[str, Outcome] = {
    "text": Outcome([_user(PLAIN), _assistant(f"You said: {PLAIN}")], ["finished"]),
    "reasoning": Outcome(
        [_user(THOUGHTFUL), ("reasoning", "Hm."), _assistant(f"You said: {THOUGHTFUL}")],
        ["finished"],
    ),
    "backend tool": Outcome(
        [
            _user(FORECAST),
            _call(("forecast", '{"city":"Oslo"}')),
            ("tool", "sunny in Oslo"),
            _assistant("Tool result: sunny in Oslo"),
        ],
        ["finished"],
    ),
    "frontend tool": Outcome(
        [
            _user(SHOW),
            _call(("show", '{"city":"Oslo"}')),
            ("tool", "shown"),
            _assistant("Tool result: shown"),
        ],
        ["finished", "finished"],
    ),
    "parallel tools": Outcome(
        [
            _user(TWICE),
            _call(("forecast", '{"city":"Oslo"}'), ("forecast", '{"city":"Rome"}')),
            ("tool", "sunny in Oslo"),
            ("tool", "sunny in Rome"),
            _assistant("Tool result: sunny in Rome"),
        ],
        ["finished"],
    ),
    "state": Outcome(
        [_user(STATEFUL), _assistant(f"You said: {STATEFUL}")], ["finished"], state={"steps": 1}
    ),
    "interrupt": Outcome(
        [
            _user(WEATHER),
            _call(("weather", '{"city":"Oslo"}')),
            ("tool", "sunny in Oslo"),
            _assistant("Tool result: sunny in Oslo"),
        ],
        ["asking", "finished"],
    ),
    "error in a message": Outcome([_user(BREAKING), _assistant("You said: ")], ["failed"]),
    "stop": Outcome([_user(ENDLESS), _assistant(BEFORE_THE_STOP)], ["cancelled"]),
}


def folded(page: Page, *runs: Sequence[Event], state: object = None) -> Outcome:
    messages = [_plain(message) for message in page.messages]
    return Outcome(messages, [ending(events) for events in runs], state)


def _plain(message: Message) -> Any:  # noqa: ANN401  # nested tuples
    """The message without its ids, and the arguments of its calls without spaces."""
    functions = [call["function"] for call in message.get("toolCalls") or ()]
    calls = tuple(
        (each["name"], orjson.dumps(orjson.loads(each["arguments"])).decode()) for each in functions
    )
    return (message["role"], message.get("content") or "", *([calls] if calls else []))


def ending(events: Sequence[Event]) -> str:
    """How a run ended; a question may be told as AG-UI 1.0 does, or as older agents do."""
    assert [event["type"] for event in events].count(events[-1]["type"]) == 1
    if events[-1]["type"] == "RUN_ERROR":
        return "failed"
    first = any(event.get("name") == "on_interrupt" for event in events)
    if first or _outcome(events) == "interrupt":
        return "asking"
    return "cancelled" if _outcome(events) == "cancelled" else "finished"


def _outcome(events: Sequence[Event]) -> str | None:
    return (events[-1].get("outcome") or {}).get("type")
