"""Text messages that blocks interrupt: each goes on after a block as a new message. Pure.

A page shows messages in the order in which they began, so a block within an open text would come
behind what was written later.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from agui_runtime.core.events import Event
from agui_runtime.wrappers.blocks.run_blocks import RunBlocks

START, CONTENT, END = "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"


class OpenTexts:
    """The text messages that an agent has open. `lazily`: a message begins with its first words,
    so that one which holds nothing but blocks leaves no empty one behind. `ids` are those that
    each has had.
    """

    def __init__(self, blocks: RunBlocks, *, lazily: bool = False) -> None:
        self._blocks = blocks
        self._lazily = lazily
        self._starts: dict[str, Event] = {}
        self._present: dict[str, str | None] = {}
        self.ids: defaultdict[str, list[str]] = defaultdict(list)
        self._begun: set[str] = set()
        self._passed: set[str] = set()  # they stand before a block
        self._silent: set[str] = set()  # nothing but blocks was in them

    def feed(self, event: Event) -> Iterator[Event]:
        """The events in place of one of a text message."""
        id_ = event["messageId"]
        if event["type"] == START:
            self._starts[id_], self._present[id_] = event, None
            if not self._lazily:
                yield self._begin(id_)
        elif id_ not in self._starts:
            yield event
        elif event["type"] == END:
            yield from self._ended(id_, event)
        else:
            if self._present[id_] is None:
                yield self._begin(id_)
            yield event | {"messageId": self._present[id_]}

    def interrupt(self) -> Iterator[Event]:
        """Close those that are open: what follows comes before their next words."""
        self._passed |= self._begun
        self._silent |= self._present.keys() - self._begun
        for id_, present in self._present.items():
            if present is not None:
                self._present[id_] = None
                yield {"type": END, "messageId": present}

    def _begin(self, id_: str) -> Event:
        free = self._blocks.text_id(id_, again=id_ in self._passed)
        self._present[id_] = free
        self._begun.add(id_)
        self.ids[id_].append(free)
        return self._starts[id_] | {"messageId": free}

    def _ended(self, id_: str, end: Event) -> Iterator[Event]:
        if self._present[id_] is None and id_ not in self._passed | self._silent:
            yield self._begin(id_)
        present = self._present.pop(id_)
        self._starts.pop(id_)
        if present is not None:
            yield end | {"messageId": present}
