"""One id for one message, also where an agent gives its reasoning and its answer the same, or a
call and its result. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from agui_runtime.core.events import Event, Message

TEXT = "-text"
"""What follows the id of a text that a reasoning message of the run has already."""

_REASONING = "-reasoning"

_RESULT = "-result"
"""What follows the id of a call, for a result whose own id is another message's."""

_USES = {
    f"{use}_MESSAGE_{part}".upper(): (use, other, part == "start")
    for use, other in (("text", "reasoning"), ("reasoning", "text"))
    for part in ("start", "content", "end")
}
"""For what an event uses an id, what else may use it, and whether the event is the first to."""

_ENDINGS = {"text": TEXT, "reasoning": _REASONING}


class DistinctIds:
    """Renames the later one of two messages with one id: clients know messages by their ids, and
    would write the answer into the reasoning, or have the result of a call in place of the call.
    `renamed` are the texts and reasonings that it gave another id.
    """

    def __init__(self) -> None:
        self.renamed: dict[tuple[str, str], str] = {}
        self._used: set[tuple[str, str]] = set()
        """What ids are used for, `text`, `reasoning` or the `caller` of a tool, and the ids."""
        self._results: dict[str, str] = {}
        self._before: Callable[[], Iterable[Message]] | None = None

    def know(self, messages: Callable[[], Iterable[Message]]) -> None:
        """Of the thread; they are wanted when the first result comes."""
        self._before = messages

    def apply(self, event: Event) -> Event:
        """The event with the id that its message has from here on."""
        kind: str = event["type"]
        if kind in _USES:
            return self._of(event, *_USES[kind])
        if kind == "TOOL_CALL_START":
            return self._of_caller(event)
        if kind == "TOOL_CALL_RESULT":
            return self._of_result(event)
        if kind == "MESSAGES_SNAPSHOT":
            self._restate(event["messages"])
        return event

    def _of(self, event: Event, use: str, other: str, begins: bool) -> Event:
        id_ = event["messageId"]
        if begins:
            self._used.add((use, id_))
            is_taken = (other, id_) in self._used or id_ in self._results
            if is_taken and (other, id_) not in self.renamed:
                self.renamed[use, id_] = id_ + _ENDINGS[use]
        new = self.renamed.get((use, id_))
        return event | {"messageId": new} if new else event

    def _of_caller(self, event: Event) -> Event:
        """A call without a message of its own makes one of its id."""
        parent = event.get("parentMessageId") or ""
        if new := self.renamed.get(("text", parent)):
            event = event | {"parentMessageId": new}
        self._used.add(("caller", new or parent or event["toolCallId"]))
        return event

    def _of_result(self, event: Event) -> Event:
        if self._before is not None:
            messages, self._before = self._before, None
            self._add(messages())
        id_, call = event["messageId"], event["toolCallId"]
        is_used = any((use, id_) in self._used for use in ("text", "reasoning", "caller"))
        if is_used or self._results.get(id_, call) != call:
            id_ = call + _RESULT
        self._results[id_] = call
        return event if id_ == event["messageId"] else event | {"messageId": id_}

    def _restate(self, messages: Sequence[Message]) -> None:
        """From here on an id means the whole message that has it, whatever it meant before."""
        for message in messages:
            id_, is_reasoning = message["id"], message["role"] == "reasoning"
            use, other = ("reasoning", "text") if is_reasoning else ("text", "reasoning")
            self._used -= {(other, id_), ("caller", id_)}
            self.renamed.pop((use, id_), None)
            self._results.pop(id_, None)
        self._add(messages)

    def _add(self, messages: Iterable[Message]) -> None:
        """The calls and results among them."""
        for message in messages:
            if message["role"] == "tool":
                self._results[message["id"]] = message["toolCallId"]
            elif message.get("toolCalls"):
                self._used.add(("caller", message["id"]))
