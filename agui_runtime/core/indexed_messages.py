"""The messages of a thread with what they are found by, which one run hands on to the next. Pure.

What looks at each message does it in C. With a long thread that takes longer than the rest of a
turn even so, as they are no longer in the processor's caches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import compress, repeat
from operator import contains, itemgetter

from agui_runtime.core.events import Message
from agui_runtime.core.jsontext import JsonObject


class Indexed(list[Message]):
    """The messages in order, `by_id`, and by the ids of their calls these `calls` and `callers`.

    Whoever changes the list changes them, too. Of several that have an id the first counts.
    """

    __slots__ = ("by_id", "callers", "calls")

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        """Of several messages with one id the latest is taken, in the place of the first."""
        self.by_id = dict(zip(ids_in(messages), messages, strict=True))
        super().__init__(self.by_id.values())
        self.calls: dict[str, JsonObject] = {}
        self.callers: dict[str, Message] = {}
        for message in callers_in(self):
            self.register(message)

    @classmethod
    def after(cls, messages: Sequence[Message]) -> Indexed:
        """What a run goes on from, which it may change; see there where two have one id."""
        if not isinstance(messages, Indexed) or len(messages) != len(messages.by_id):
            return cls(messages)
        made = cls()
        made.extend(messages)
        made.by_id = messages.by_id.copy()
        made.calls, made.callers = messages.calls.copy(), messages.callers.copy()
        return made

    def register(self, message: Message) -> None:
        """Have it found by its id and those of its calls."""
        self.by_id.setdefault(message["id"], message)
        for call in message.get("toolCalls") or ():
            if self.calls.setdefault(call["id"], call) is call:
                self.callers[call["id"]] = message

    def place(self, message: Message) -> int:
        """Its index; what is asked for is seldom far from the end."""
        return next(place for place in range(len(self) - 1, -1, -1) if self[place] is message)

    def drop(self, message: Message) -> None:
        """Hold it no longer."""
        del self[self.place(message)]
        if message.get("toolCalls"):
            self.replace_all(self)
        elif self.by_id[message["id"]] is message:
            del self.by_id[message["id"]]

    def replace_all(self, messages: Iterable[Message]) -> None:
        """Hold these instead."""
        self[:] = messages
        for index in (self.by_id, self.calls, self.callers):
            index.clear()
        for message in self:
            self.register(message)


def ids_in(messages: Iterable[Message]) -> Iterator[str]:
    """The ids, one by one."""
    return map(_ID, messages)


def callers_in(messages: Sequence[Message]) -> Iterator[Message]:
    """Those that may call tools."""
    return compress(messages, map(contains, messages, repeat("toolCalls")))


_ID: Callable[[Message], str] = itemgetter("id")
