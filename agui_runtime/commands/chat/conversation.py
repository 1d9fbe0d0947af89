"""What a chat knows of its thread: messages, state, and what waits for an answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import typed
from agui_runtime.core.events import Event
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import Json, JsonObject

ALL = ""
"""The id of a question that was put before AG-UI 1.0, when one answer held for all of them."""


class Conversation:
    """One thread, and the requests that go on with it.

    `questions` are AG-UI interrupts. Those before 1.0 came as a CUSTOM event, and are among them
    with an empty id.
    """

    def __init__(self, thread_id: str) -> None:
        self.thread_id = thread_id
        self._fold = Fold()
        self._earlier: list[JsonObject] = []

    def feed(self, event: Event) -> None:
        if event["type"] == "RUN_STARTED":
            self._earlier = []
        elif event["type"] == "CUSTOM" and event.get("name") == "on_interrupt":
            self._earlier = [{"id": ALL, "message": _words(event.get("value"))}]
        self._fold.feed(event)

    @property
    def questions(self) -> Sequence[JsonObject]:
        return self._fold.interrupts or self._earlier

    @property
    def is_running(self) -> bool:
        """Whether the last run has begun and not ended."""
        return bool(self._fold.runs) and self._fold.runs[-1].status == "running"

    @property
    def messages(self) -> int:
        return len(self._fold.shared_messages)

    def knows(self, message_id: str) -> bool:
        return message_id in self._fold.ids

    def say(self, text: str) -> RunAgentInput:
        """The request with one more message of the user's."""
        self._fold.add_message({"id": str(uuid4()), "role": "user", "content": text})
        return self._request({})

    def answer(self, answers: Mapping[str, Json | None]) -> RunAgentInput:
        """The request that answers all questions by their ids; None is no answer at all."""
        if ALL in answers:
            return self._request({"forwardedProps": {"command": {"resume": answers[ALL]}}})
        return self._request({"resume": [_resumed(*each) for each in answers.items()]})

    def _request(self, more: JsonObject) -> RunAgentInput:
        usual: JsonObject = {"tools": [], "context": [], "forwardedProps": {}}
        ids = {"threadId": self.thread_id, "runId": str(uuid4())}
        history = {"messages": self._fold.messages, "state": self._fold.state}
        return typed(usual | ids | history | more)


def _resumed(id_: str, answer: Json | None) -> JsonObject:
    if answer is None:
        return {"interruptId": id_, "status": "cancelled"}
    return {"interruptId": id_, "status": "resolved", "payload": answer}


def _words(value: Json) -> str:
    """A question may be a text, or an object with one, or anything."""
    if isinstance(value, dict):
        value = next((value[key] for key in _TEXTS if isinstance(value.get(key), str)), value)
    return value if isinstance(value, str) else str(value)


_TEXTS = ("message", "question", "__copilotkit_interrupt_value__", "prompt", "text")
