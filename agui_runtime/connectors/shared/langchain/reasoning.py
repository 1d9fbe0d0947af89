"""Reasoning as it streams: under the ids that it has in the thread afterwards. Pure."""

from __future__ import annotations

from agui_runtime.connectors.shared.langchain.thoughts import Thought, reasoning_id
from agui_runtime.connectors.shared.speech import Speech
from agui_runtime.core.events import Event


class Reasoning:
    """The reasoning of one run. A block's id may come before, and without, its first words."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._block: tuple[str, object] | None = None
        self._part: object = None
        self._id = ""
        self._spoken = False

    def say(self, message_id: str, thought: Thought) -> list[Event]:
        """The events for a piece of a message's reasoning."""
        events: list[Event] = []
        if (message_id, thought.block) != self._block:
            events += self._speech.close() if self._spoken else []
            self._block, self._part = (message_id, thought.block), None
            self._id, self._spoken = reasoning_id(message_id), False
        if thought.id and not self._spoken:
            self._id = thought.id
        line = "\n" if self._spoken and thought.part not in {None, self._part} else ""
        self._part = self._part if thought.part is None else thought.part
        if thought.text:
            self._spoken = True
            events += self._speech.say("reasoning", self._id, line + thought.text)
        return events
