"""A run's records as what MCP's clients get of it: notes of progress, then a result. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from agui_runtime.core.block_activities import text_events
from agui_runtime.core.events import TERMINAL, Event, routed
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.mcp.media import media_in
from agui_runtime.wires.mcp.questions import how_to_answer
from agui_runtime.wires.shared.shown import results_sent, stated_by

JOINT = "\n\n"
"""What stands between two messages of an agent."""

STOPPED = "somebody stopped the run"

BEARERS = ("tool", "activity")
"""Roles of messages in which files come."""


class Shown(NamedTuple):
    """What an agent has to show: its messages, and files as content of results."""

    texts: Sequence[str] = ()
    media: Sequence[JsonObject] = ()


NOTHING = Shown()


class Answer:
    """Fed with a run's events in their order, and with those of the run that goes on from it. `end`
    is the last event of the latest run, None while that is live; `routed` names the agent to which
    a router gave it. `before` comes first.
    """

    def __init__(self, thread_id: str, run_id: str, before: Shown = NOTHING) -> None:
        self.thread_id = thread_id
        self.run_id = run_id
        self.end: Event | None = None
        self.routed: JsonObject | None = None
        self._before = before
        self._texts: dict[str, list[str]] = {}
        self._media: dict[str, list[JsonObject]] = {}
        self._results: Sequence[str] = ()

    def feed(self, event: Event) -> None:
        if event["type"] in TERMINAL:
            self.end = event
        elif handle := _HANDLERS.get(event["type"]):
            handle(self, event)

    @property
    def text(self) -> str:
        """What the agent has said so far."""
        spoken = map("".join, self._texts.values())
        return JOINT.join(filter(None, (*self._before.texts, *spoken)))

    @property
    def interrupts(self) -> Sequence[JsonObject]:
        """What the run waits for, when it has ended."""
        outcome = (self.end or {}).get("outcome") or {}
        found: Sequence[JsonObject] = outcome.get("interrupts") or ()
        return found

    def result(self) -> JsonObject:
        """That of the call, when the run has ended."""
        end = self.end or {}
        kind = (end.get("outcome") or {}).get("type")
        if end.get("type") == "RUN_ERROR":
            return self._failed("error", str(end["message"]), str(end.get("code") or "RUN_FAILED"))
        if kind == "cancelled":
            return self._failed("stopped", STOPPED, "STOPPED")
        if self.interrupts:
            how = how_to_answer(self.thread_id, self.interrupts)
            more = {"outcome": "interrupt", "interrupts": list(self.interrupts)}
            return self._result((self.text, how), self._about(more))
        return self._result((self.text,), self._about({"outcome": "success"}))

    def _failed(self, outcome: str, message: str, code: str) -> JsonObject:
        about = self._about({"outcome": outcome, "code": code})
        return {**self._result((self.text, message), about), "isError": True}

    def _result(self, texts: Iterable[str], about: JsonObject) -> JsonObject:
        media = [*self._before.media, *(block for each in self._media.values() for block in each)]
        content = [*({"type": "text", "text": text} for text in texts if text), *media]
        return {"content": content, "structuredContent": about, "isError": False}

    def _about(self, more: JsonObject) -> JsonObject:
        routed = {} if self.routed is None else {"routed": self.routed}
        ids = {"threadId": self.thread_id, "runId": self.run_id}
        return {"text": self.text, **ids, **routed, **more}

    def _started(self, event: Event) -> None:
        self.end = None
        self.run_id = event["runId"]
        self._results = list(results_sent(event))

    def _text_started(self, event: Event) -> None:
        if event.get("role", "assistant") == "assistant":
            self._texts.setdefault(event["messageId"], [])

    def _spoken(self, event: Event) -> None:
        if event["messageId"] in self._texts:
            self._texts[event["messageId"]].append(event["delta"])

    def _stated(self, event: Event) -> None:
        for message in stated_by(event, self._results):
            if message["role"] == "assistant" and message.get("content"):
                self._texts.setdefault(message["id"], [str(message["content"])])
            elif message["role"] in BEARERS:
                self._media.setdefault(message["id"], media_in(message.get("content")))

    def _custom(self, event: Event) -> None:
        self.routed = routed(event) or self.routed

    def _returned(self, event: Event) -> None:
        self._media[event["messageId"]] = media_in(event["content"])

    def _acted(self, event: Event) -> None:
        if event.get("replace", True) or event["messageId"] not in self._media:
            self._media[event["messageId"]] = media_in(event["content"])
        for each in text_events(event):
            self.feed(each)


_HANDLERS: Mapping[str, Callable[[Answer, Event], None]] = {
    "RUN_STARTED": Answer._started,
    "TEXT_MESSAGE_START": Answer._text_started,
    "TEXT_MESSAGE_CONTENT": Answer._spoken,
    "MESSAGES_SNAPSHOT": Answer._stated,
    "TOOL_CALL_RESULT": Answer._returned,
    "ACTIVITY_SNAPSHOT": Answer._acted,
    "CUSTOM": Answer._custom,
}


def refused(message: str) -> JsonObject:
    """The result of a call that came to nothing: a model reads it, and calls better."""
    return {"content": [{"type": "text", "text": message}], "isError": True}
