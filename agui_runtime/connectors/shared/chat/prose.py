"""The messages of one answer, text and reasoning, as AG-UI events. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from agui_runtime.core.events import Event


class Form(NamedTuple):
    """What opens, carries and closes one kind of prose; each event also gets its `messageId`."""

    opening: tuple[Event, ...]
    content: str
    closing: tuple[Event, ...]


TEXT = Form(
    ({"type": "TEXT_MESSAGE_START", "role": "assistant"},),
    "TEXT_MESSAGE_CONTENT",
    ({"type": "TEXT_MESSAGE_END"},),
)
REASONING = Form(
    ({"type": "REASONING_START"}, {"type": "REASONING_MESSAGE_START", "role": "reasoning"}),
    "REASONING_MESSAGE_CONTENT",
    ({"type": "REASONING_MESSAGE_END"}, {"type": "REASONING_END"}),
)


class Prose:
    """Says one thing at a time; saying another closes the last. `new_id` names each message."""

    def __init__(self, new_id: Callable[[Form], str]) -> None:
        self._texts: dict[str, list[str]] = {TEXT.content: [], REASONING.content: []}
        self._new_id = new_id
        self._form: Form | None = None
        self._id = ""

    def text(self, form: Form) -> str:
        """All of the text in that form."""
        return "".join(self._texts[form.content])

    def say(self, form: Form, text: str) -> list[Event]:
        """The events for a piece of text."""
        opening = () if form is self._form else (*self.close(), *self._open(form))
        self._texts[form.content].append(text)
        return [*opening, {"type": form.content, "messageId": self._id, "delta": text}]

    def close(self) -> list[Event]:
        """The events that end the open message, if one is open."""
        form, self._form = self._form, None
        return [{**event, "messageId": self._id} for event in form.closing] if form else []

    def _open(self, form: Form) -> list[Event]:
        self._form, self._id = form, self._new_id(form)
        return [{**event, "messageId": self._id} for event in form.opening]
