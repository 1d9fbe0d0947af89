"""What an agent says in a run, one message at a time: text or reasoning. Pure.

For connectors to frameworks that leave their blocks open, or open two at once.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple, TypeAlias

from agui_runtime.core.events import Event

Kind: TypeAlias = Literal["text", "reasoning"]


class _MessageForm(NamedTuple):
    """The events around a message's content; each also gets its `messageId`."""

    opening: tuple[Event, ...]
    content: str
    closing: tuple[Event, ...]


_FORMS: dict[Kind, _MessageForm] = {
    "text": _MessageForm(
        ({"type": "TEXT_MESSAGE_START", "role": "assistant"},),
        "TEXT_MESSAGE_CONTENT",
        ({"type": "TEXT_MESSAGE_END"},),
    ),
    "reasoning": _MessageForm(
        ({"type": "REASONING_START"}, {"type": "REASONING_MESSAGE_START", "role": "reasoning"}),
        "REASONING_MESSAGE_CONTENT",
        ({"type": "REASONING_MESSAGE_END"}, {"type": "REASONING_END"}),
    ),
}


class Speech:
    """The messages of one run. Saying nothing opens none; saying something else closes the last.

    `spoken` are the ids under which something was said, in their order.
    """

    def __init__(self) -> None:
        self.spoken: list[str] = []
        self._opened: Counter[str] = Counter()
        self._form: _MessageForm | None = None
        self._block = ""

    def say(self, kind: Kind, block: str, delta: str) -> list[Event]:
        """The events for a piece of the block; a block that was closed goes on in a new message."""
        if not delta:
            return []
        events: list[Event] = []
        if (self._form, self._block) != (_FORMS[kind], block):
            events += self.close()
            self._form, self._block = _FORMS[kind], block
            self.spoken.append(self._fresh(block))
            events += ({**event, "messageId": self.spoken[-1]} for event in self._form.opening)
        content = {"type": _FORMS[kind].content, "messageId": self.spoken[-1], "delta": delta}
        return [*events, content]

    def close(self) -> list[Event]:
        """The events that end the open message, if one is open."""
        form, self._form = self._form, None
        return [{**event, "messageId": self.spoken[-1]} for event in form.closing] if form else []

    def _fresh(self, block: str) -> str:
        self._opened[block] += 1
        number = self._opened[block]
        return f"{block}-{number}" if number > 1 else block
