"""What is shown of each event: answers, reasoning, tools, steps, ends. It decides; views draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from agui_runtime.core import jsontext
from agui_runtime.core.events import FAILED_OVER, HANDED_OVER, RETRIED, Event, routed
from agui_runtime.core.jsontext import Json
from agui_runtime.core.terminal_text import shortened

LONGEST = 2_000
"""Characters of arguments or of a result that are shown."""


class View(Protocol):
    """Where it is drawn. Texts come as agents wrote them."""

    def answer(self, piece: str) -> None:
        """A piece of the agent's answer."""

    def reasoning(self, piece: str) -> None:
        """A piece of what it thinks."""

    def line(self, kind: str, text: str) -> None:
        """A line of its own; the kind is one of `user`, `tool`, `result`, `step`, `note`, `error`,
        `question`.
        """

    def close(self) -> None:
        """End what is open."""


class Narrator:
    """Reads the events of a conversation in their order. `knows` says which messages were shown."""

    def __init__(self, view: View, knows: Callable[[str], bool]) -> None:
        self._view = view
        self._knows = knows
        self._shown: set[str] = set()
        self._arguments: dict[str, list[str]] = {}
        self._names: dict[str, str] = {}
        self._open = ""

    def feed(self, event: Event) -> None:
        """Show the event, if there is something to show of it."""
        if show := _SHOWN.get(event["type"]):
            show(self, event)

    def _started(self, event: Event) -> None:
        for message in (event.get("input") or {}).get("messages", ()):
            if message["role"] == "user" and not self._knows(message["id"]):
                self._view.line("user", _plain(message.get("content")))

    def _text(self, event: Event) -> None:
        id_ = event["messageId"]
        if self._open not in {"", id_}:
            self._view.close()
        self._open = id_
        self._shown.add(id_)
        self._view.answer(event["delta"])

    def _text_ended(self, event: Event) -> None:
        if event["messageId"] in {self._open, ""}:
            self._view.close()
            self._open = ""

    def _thought(self, event: Event) -> None:
        self._view.reasoning(event["delta"])

    def _thought_ended(self, event: Event) -> None:
        self._view.close()

    def _call(self, event: Event) -> None:
        self._names[event["toolCallId"]] = event["toolCallName"]
        self._arguments[event["toolCallId"]] = []

    def _call_arguments(self, event: Event) -> None:
        self._arguments.setdefault(event["toolCallId"], []).append(event["delta"])

    def _call_ended(self, event: Event) -> None:
        id_ = event["toolCallId"]
        arguments = "".join(self._arguments.pop(id_, ()))
        self._view.line("tool", f"{self._names.get(id_, 'tool')}({_short(arguments)})")

    def _result(self, event: Event) -> None:
        name = self._names.get(event["toolCallId"], "tool")
        self._view.line("result", f"{name}: {_short(_plain(event.get('content')))}")

    def _step(self, event: Event) -> None:
        self._view.line("step", event["stepName"])

    def _subagent(self, event: Event) -> None:
        self._view.line("step", f"subagent {event.get('name') or event.get('subagentRunId', '')}")

    def _snapshot(self, event: Event) -> None:
        """Answers that no text events brought."""
        for message in event["messages"]:
            is_new = not (message["id"] in self._shown or self._knows(message["id"]))
            text = _plain(message.get("content")) if message["role"] == "assistant" else ""
            if is_new and text:
                self._view.answer(text)
                self._view.close()

    def _custom(self, event: Event) -> None:
        value = event.get("value")
        if event.get("name") in _NOTES and isinstance(value, dict) and value.get("message"):
            self._view.line("note", str(value["message"]))
        elif chosen := routed(event):
            self._view.line("note", f"{chosen['agent']} answers ({chosen['domain']})")

    def _activity(self, event: Event) -> None:
        self._view.line("step", f"{event.get('activityType', 'activity')}")

    def _failed(self, event: Event) -> None:
        self._view.line("error", f"{event.get('code') or 'RUN_ERROR'}: {event.get('message', '')}")

    def _finished(self, event: Event) -> None:
        self._view.close()
        if (event.get("outcome") or {}).get("type") == "cancelled":
            self._view.line("note", "the run was stopped")


_NOTES = frozenset({RETRIED, FAILED_OVER, HANDED_OVER})

_SHOWN: Mapping[str, Callable[[Narrator, Event], None]] = {
    "RUN_STARTED": Narrator._started,
    "TEXT_MESSAGE_CONTENT": Narrator._text,
    "TEXT_MESSAGE_END": Narrator._text_ended,
    "REASONING_MESSAGE_CONTENT": Narrator._thought,
    "REASONING_MESSAGE_END": Narrator._thought_ended,
    "TOOL_CALL_START": Narrator._call,
    "TOOL_CALL_ARGS": Narrator._call_arguments,
    "TOOL_CALL_END": Narrator._call_ended,
    "TOOL_CALL_RESULT": Narrator._result,
    "STEP_STARTED": Narrator._step,
    "SUBAGENT_STARTED": Narrator._subagent,
    "MESSAGES_SNAPSHOT": Narrator._snapshot,
    "ACTIVITY_SNAPSHOT": Narrator._activity,
    "CUSTOM": Narrator._custom,
    "RUN_ERROR": Narrator._failed,
    "RUN_FINISHED": Narrator._finished,
}


def _plain(content: Json) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        return " ".join(part.get("text") or f"[{part.get('type', 'part')}]" for part in content)
    return jsontext.dumps(content).decode()


def _short(text: str) -> str:
    return shortened(text, LONGEST)
