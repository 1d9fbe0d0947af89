"""One id for one message, also where an agent gives its reasoning and its answer the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from agui_runtime.core.events import Event, Message

TEXT = "-text"
"""What follows the id of a text that a reasoning message of the run has already."""

_REASONING = "-reasoning"

_IS_REASONING = {
    f"{of}_{part}": of.startswith("REASONING")
    for of in ("TEXT_MESSAGE", "REASONING_MESSAGE")
    for part in ("START", "CONTENT", "END")
}


class DistinctIds:
    """Renames the later one of two messages with one id: clients know messages by their ids, and
    would write the answer into the reasoning. `renamed` are those that it gave another id.
    """

    def __init__(self) -> None:
        self.renamed: dict[tuple[bool, str], str] = {}
        self._reasoning: set[str] = set()
        self._texts: set[str] = set()

    def apply(self, event: Event) -> Event:
        """The event with the id that its message has from here on."""
        kind: str = event["type"]
        if kind in _IS_REASONING:
            return self._of(event, reasoning=_IS_REASONING[kind])
        if kind == "TOOL_CALL_START" and (False, event.get("parentMessageId")) in self.renamed:
            return event | {"parentMessageId": self.renamed[False, event["parentMessageId"]]}
        if kind == "MESSAGES_SNAPSHOT":
            self._restate(event["messages"])
        return event

    def _of(self, event: Event, *, reasoning: bool) -> Event:
        id_ = event["messageId"]
        others = self._texts if reasoning else self._reasoning
        if event["type"].endswith("_START"):
            (self._reasoning if reasoning else self._texts).add(id_)
            if id_ in others and (not reasoning, id_) not in self.renamed:
                self.renamed[reasoning, id_] = id_ + (_REASONING if reasoning else TEXT)
        new = self.renamed.get((reasoning, id_))
        return event | {"messageId": new} if new else event

    def _restate(self, messages: Iterable[Message]) -> None:
        """From here on an id means the whole message that has it, whatever it meant before."""
        for message in messages:
            id_, is_reasoning = message["id"], message["role"] == "reasoning"
            (self._texts if is_reasoning else self._reasoning).discard(id_)
            self.renamed.pop((is_reasoning, id_), None)
