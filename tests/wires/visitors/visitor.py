"""Whoever tells the connectors' story through a wire: what its client makes of a run has to be what
the thread has of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, NamedTuple, TypeAlias

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import ANONYMOUS, TERMINAL, Event, Message
from agui_runtime.core.fold import fold
from tests.connectors import story
from tests.connectors.page import Page
from tests.connectors.talk import text, user

Received: TypeAlias = Mapping[str, Any]
"""What a client makes of a run so far, by the names of ASPECTS; those for which its protocol has no
form are not there. What begins with `_` is the client's own.
"""


class Turn(NamedTuple):
    """What a front end sends: all of the conversation. `earlier` came of the turn before."""

    thread: str
    run: str
    messages: Sequence[Message]
    tools: Sequence[Mapping[str, Any]] = ()
    answers: Sequence[Mapping[str, Any]] = ()
    earlier: Received | None = None

    @property
    def newest(self) -> Message:
        return self.messages[-1]


class Client(ABC):
    """A client of one wire."""

    @abstractmethod
    def send(self, turn: Turn) -> AsyncGenerator[Received]:
        """Each time that there is more, all of the run so far; closing it leaves the run."""

    async def stop(self, received: Received) -> bool:
        """Stop the run, and say whether its rest is to be read; else it is left, which stops it."""
        return False

    def goes_on(self, received: Received) -> bool:
        """Whether the client has to send all of it again, for the agent to answer."""
        return False


class Visitor(Page):
    """A front end behind a server. What its runs were, it reads in the only thread there is."""

    def __init__(self, runtime: CopilotRuntime, client: Client) -> None:
        super().__init__(runtime)
        self._client = client
        self._earlier: Received | None = None

    async def go(self, **rest: Any) -> list[Event]:  # noqa: ANN401  # the input's fields
        async with aclosing(self._client.send(self._turn(**rest))) as pieces:
            async for received in pieces:
                self._earlier = received
        events = await self._run()
        return await self.go(**rest) if self._client.goes_on(received) else events

    async def stopped_after(self, words: str, answer: str) -> list[Event]:
        self.messages.append(user(words))
        stopped = False
        async with aclosing(self._client.send(self._turn())) as pieces:
            async for received in pieces:
                self._earlier = received
                if received["text"] == answer and not stopped:
                    stopped = await self._client.stop(received)
                    if not stopped:
                        break
        return await self._run()

    def _turn(self, **rest: Any) -> Turn:  # noqa: ANN401
        self.runs += 1
        given = rest.get("tools", ()), rest.get("resume", ())
        return Turn(self.thread, f"run-{self.runs}", self.messages, *given, self._earlier)

    async def _run(self) -> list[Event]:
        """The events of the latest run, with which `_earlier` agrees."""
        [thread] = (await self.runtime.threads.list(ANONYMOUS)).threads
        self.thread = thread.thread_id
        run = (await self.runtime.threads.runs(self.thread, ANONYMOUS))[-1].run_id
        events: list[Event] = []
        async with aclosing(self.runtime.threads.follow(self.thread, ANONYMOUS)) as batches:
            async for batch in batches:
                events += [each.event for each in batch.records if each.run_id == run]
                if events and events[-1]["type"] in TERMINAL:
                    break
        if self._earlier is not None:
            shown = {name: value for name, value in self._earlier.items() if name[0] != "_"}
            had = {name: ASPECTS[name](events) for name in shown}
            assert shown == had, f"{shown} was received of {had}"
        return self.see(events)


def calls(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Names and arguments, of all calls that the run made."""
    messages = fold(events[1:]).messages
    functions = [call["function"] for each in messages for call in each.get("toolCalls") or ()]
    return [(each["name"], each["arguments"]) for each in functions]


def _calls_outside(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Those for the client to carry out."""
    return [each for each in calls(events) if each[0] == "show"]


def _thoughts(events: Sequence[Event]) -> str:
    deltas = [e["delta"] for e in events if e["type"] == "REASONING_MESSAGE_CONTENT"]
    return "".join(deltas)


def _results(events: Sequence[Event]) -> list[str]:
    return [each["content"] for each in events if each["type"] == "TOOL_CALL_RESULT"]


def _state(events: Sequence[Event]) -> object:
    """None where the run did not touch it."""
    return fold(each for each in events if each["type"].startswith("STATE")).state or None


ASPECTS: Mapping[str, Callable[[Sequence[Event]], object]] = {
    "thread": lambda events: events[0]["threadId"],
    "run": lambda events: events[0]["runId"],
    "ending": story.ending,
    "text": text,
    "thoughts": _thoughts,
    "calls": calls,
    "calls outside": _calls_outside,
    "results": _results,
    "state": _state,
}


def of_events(events: Sequence[Event]) -> Received:
    """What a client that gets AG-UI's own events makes of them."""
    shown = {name: of for name, of in ASPECTS.items() if name != "ending"}
    ended = {"ending": story.ending(events)} if events[-1]["type"] in TERMINAL else {}
    return {name: of(events) for name, of in shown.items()} | ended
