"""What both of OpenAI's protocols read of a run alike: which event is for what, and what of a
stated conversation is the answer. Pure.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping

from agui_runtime.core.block_activities import text_events
from agui_runtime.core.events import TERMINAL, Event, Message, routed
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.shared.shown import results_sent, stated_by

NOTHING: tuple[JsonObject, ...] = ()


class RunReader(ABC):
    """Fed with a run's events in their order; each method makes what its protocol has for one.

    What a protocol has no form for (states, activities, steps) is left out, but for blocks with a
    text that stands for them. `end` is the run's last event, `signature` names the agent to which a
    router gave the message.
    """

    def __init__(self) -> None:
        self.end: Event = {}
        self.signature: JsonObject = {}
        self._results: Collection[str] = ()

    def feed(self, event: Event) -> Iterator[JsonObject]:
        """What the event adds."""
        if event["type"] in TERMINAL:
            return self.ended(event)
        make = _MAKERS.get(event["type"])
        return iter(NOTHING) if make is None else make(self, event)

    @abstractmethod
    def text_started(self, event: Event) -> Iterator[JsonObject]: ...

    @abstractmethod
    def text(self, event: Event) -> Iterator[JsonObject]: ...

    @abstractmethod
    def text_ended(self, event: Event) -> Iterator[JsonObject]: ...

    def thought_started(self, event: Event) -> Iterator[JsonObject]:
        return iter(NOTHING)

    @abstractmethod
    def thought(self, event: Event) -> Iterator[JsonObject]: ...

    def thought_ended(self, event: Event) -> Iterator[JsonObject]:
        return iter(NOTHING)

    @abstractmethod
    def call_started(self, event: Event) -> Iterator[JsonObject]: ...

    @abstractmethod
    def arguments(self, event: Event) -> Iterator[JsonObject]: ...

    @abstractmethod
    def answered(self, event: Event) -> Iterator[JsonObject]:
        """Somebody has carried out a call."""

    @abstractmethod
    def stated_answer(self, message: Message) -> Iterator[JsonObject]:
        """A whole message of the agent's; it may be known from its events."""

    @abstractmethod
    def question(self, value: object) -> Iterator[JsonObject]:
        """What the agent wants to know before it goes on."""

    @abstractmethod
    def ended(self, event: Event) -> Iterator[JsonObject]: ...

    def started(self, event: Event) -> Iterator[JsonObject]:
        """Whose results came with the request."""
        self._results = results_sent(event)
        return iter(NOTHING)

    def stated(self, event: Event) -> Iterator[JsonObject]:
        """What of the conversation is the answer: some agents stream nothing."""
        for message in stated_by(event, self._results):
            if message["role"] == "assistant":
                yield from self.stated_answer(message)
            elif message["role"] == "tool":
                yield from self.answered(message)

    def acted(self, event: Event) -> Iterator[JsonObject]:
        """A block is the text that stands for it."""
        for each in text_events(event):
            yield from self.feed(each)

    def custom(self, event: Event) -> Iterator[JsonObject]:
        """Of what agents make up, a question alone is shown."""
        if chosen := routed(event):
            self.signature = {"name": chosen["agent"], "routed": chosen}
        is_question = event["name"] == "on_interrupt"
        return self.question(event.get("value")) if is_question else iter(NOTHING)


_MAKERS: Mapping[str, Callable[[RunReader, Event], Iterator[JsonObject]]] = {
    "RUN_STARTED": RunReader.started,
    "TEXT_MESSAGE_START": lambda reader, event: reader.text_started(event),
    "TEXT_MESSAGE_CONTENT": lambda reader, event: reader.text(event),
    "TEXT_MESSAGE_END": lambda reader, event: reader.text_ended(event),
    "REASONING_MESSAGE_START": lambda reader, event: reader.thought_started(event),
    "REASONING_MESSAGE_CONTENT": lambda reader, event: reader.thought(event),
    "REASONING_MESSAGE_END": lambda reader, event: reader.thought_ended(event),
    "TOOL_CALL_START": lambda reader, event: reader.call_started(event),
    "TOOL_CALL_ARGS": lambda reader, event: reader.arguments(event),
    "TOOL_CALL_RESULT": lambda reader, event: reader.answered(event),
    "MESSAGES_SNAPSHOT": lambda reader, event: reader.stated(event),
    "ACTIVITY_SNAPSHOT": RunReader.acted,
    "CUSTOM": RunReader.custom,
}
