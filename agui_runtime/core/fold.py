"""What a log of events amounts to: messages, state, how its runs ended.

It applies events as the AG-UI 1.0 client does. It does not judge their order; `grammar` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from agui_runtime.core.conversation import APPLIED, Conversation
from agui_runtime.core.events import Event, Message
from agui_runtime.core.json_patch import UNPATCHABLE, patched
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.stretches import Stretch


@dataclass(slots=True)
class FoldedRun:
    """A run of the log; `status` is `running`, `finished`, `interrupted`, `stopped` or `failed`."""

    run_id: str
    status: str = "running"


class Fold:
    """Reads events one by one, from any number of runs, and holds what they add up to so far.

    It goes on from `messages`, of which it copies those that an event changes and no others.
    `state` is JSON, `{}` until an event sets it; do not change it in place. `interrupts` wait for
    an answer; a run that fails leaves them waiting. `warnings` name patches that could not be
    applied and changed nothing. Two folds are equal when all but their warnings is.
    """

    def __init__(self, messages: Sequence[Message] = ()) -> None:
        self.state: Json = {}
        self.runs: list[FoldedRun] = []
        self.interrupts: list[JsonObject] = []
        self.warnings: list[str] = []
        self._conversation = Conversation(messages, self.warnings)

    __hash__ = None  # type: ignore[assignment]  # mutable

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Fold):
            return NotImplemented
        mine, theirs = ((f.shared_messages, f.state, f.runs, f.interrupts) for f in (self, other))
        return mine == theirs

    def feed(self, event: Event) -> None:
        """Take the next event; types that add nothing (steps, custom events) are welcome."""
        self.feed_all((event,))

    def feed_all(self, events: Iterable[Event]) -> None:
        """Take the next events."""
        if isinstance(events, Stretch):
            events = (events.joined,)
        conversation = self._conversation
        for event in events:
            kind = event["type"]
            if kind in APPLIED:
                APPLIED[kind](conversation, event)
            elif kind in _APPLIED:
                _APPLIED[kind](self, event)

    def add_message(self, message: Mapping[str, Json]) -> None:
        """Append a message, unless one with its id is there."""
        self._conversation.add_message(message)

    def drop(self, messages: Iterable[Message]) -> None:
        """Hold these no longer, which are among `shared_messages`."""
        self._conversation.drop(messages)

    @property
    def messages(self) -> list[Message]:
        """The conversation as AG-UI messages; the caller may change them."""
        return self._conversation.messages

    @property
    def shared_messages(self) -> list[Message]:
        """The same without copies, for whoever only reads them; indexed for a run after this."""
        return self._conversation.shared_messages

    @property
    def added(self) -> list[Message]:
        """Those of `shared_messages` that the fold did not begin with."""
        return self._conversation.added

    @property
    def by_id(self) -> Mapping[str, Message]:
        """The same by their ids."""
        return self._conversation.by_id

    def known(self, ids: Set[str]) -> Set[str]:
        """Those of the ids by which it recognises messages."""
        return self._conversation.known(ids)

    @property
    def ids(self) -> frozenset[str]:
        """By what the messages are recognised: their ids, and those of their tool calls."""
        return self._conversation.ids

    def ids_beside(self, known: Set[str]) -> frozenset[str]:
        """The same without those."""
        return self._conversation.ids_beside(known)

    @property
    def open_tool_calls(self) -> list[JsonObject]:
        """The calls of all assistant messages that no tool message answers, as AG-UI tool calls."""
        return self._conversation.open_tool_calls

    def _state(self, event: Event) -> None:
        self.state = event["snapshot"]

    def _state_patched(self, event: Event) -> None:
        try:
            self.state = patched(event["type"], self.state, event["delta"])
        except UNPATCHABLE as error:
            # What follows in its text is the state itself, which no log needs.
            self.warnings.append(f"the state was not patched: {str(error).partition(' in ')[0]}")

    def _run_started(self, event: Event) -> None:
        """A run goes on from what it was given: messages that are new, and a state if any."""
        self.runs.append(FoldedRun(event.get("runId", "")))
        given = event.get("input") or {}
        for message in given.get("messages", ()):
            self.add_message(message)
        if given.get("state"):
            self.state = given["state"]

    def _run_finished(self, event: Event) -> None:
        outcome = event.get("outcome") or {}
        self.interrupts = list(outcome.get("interrupts", ()))
        self._run_ended(_STATUS.get(outcome.get("type", ""), "finished"))

    def _run_failed(self, event: Event) -> None:
        self._run_ended("failed")

    def _run_ended(self, status: str) -> None:
        if self.runs:
            self.runs[-1].status = status


def fold(events: Iterable[Event]) -> Fold:
    """Fold a whole log."""
    folded = Fold()
    folded.feed_all(events)
    return folded


_STATUS = {"interrupt": "interrupted", "cancelled": "stopped"}

_APPLIED: Mapping[str, Callable[[Fold, Event], None]] = {
    "STATE_SNAPSHOT": Fold._state,
    "STATE_DELTA": Fold._state_patched,
    "RUN_STARTED": Fold._run_started,
    "RUN_FINISHED": Fold._run_finished,
    "RUN_ERROR": Fold._run_failed,
}
