"""What the models of one run write: text, reasoning and tool calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import uuid4

from agui_runtime.connectors.shared.langchain import Reasoning, calls_of, text_of, thoughts_of
from agui_runtime.connectors.shared.speech import Speech
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json

Chunk = Mapping[str, Json]
"""A message of a model, or a piece of it."""

About = Mapping[str, Json]
"""What LangGraph says of the call of a model: its node, and the metadata that the graph gave it."""


class ModelAnswers:
    """The answers of one run's models, several at a time where agents work side by side.

    `predicting` are the calls whose arguments show, while they are written, what the state will be:
    a graph says so by `predict_state` in the metadata of the model's call. A `path` leads to the
    node that asks the model, through the graphs that it is in.
    """

    def __init__(self) -> None:
        self.predicting: set[str] = set()
        self._known: dict[str, _ModelMessage] = {}

    def feed(self, message: Chunk, about: About, path: str) -> Iterator[Event]:
        """The events for a message, or for a piece of one."""
        key = message.get("id") or ""
        answer = self._known.setdefault(key, _ModelMessage(key, path))
        if _wanted(about, "emit-messages"):
            yield from answer.prose(message)
        if _wanted(about, "emit-tool-calls"):
            rules = _rules(about)
            for event in answer.tool_calls(message):
                if event["type"] == "TOOL_CALL_START" and _foretells(rules, event["toolCallName"]):
                    self.predicting.add(event["toolCallId"])
                    yield {"type": "CUSTOM", "name": "PredictState", "value": rules}
                yield event
        if message.get("chunk_position") == "last" or message["type"] == "ai":
            yield from answer.closed()

    def end_call(self, call_id: str) -> Iterator[Event]:
        """A tool has returned: the message that called it is over, and the state is what it is."""
        self.predicting.discard(call_id)
        for answer in self._known.values():
            if answer.holds(call_id):
                yield from answer.closed()

    def ends(self, path: str = "") -> Iterator[Event]:
        """The ends of what is open at that node, or in graphs below it; by default, of all."""
        for answer in self._known.values():
            if not path or answer.path == path or answer.path.startswith(f"{path}:"):
                yield from answer.closed()

    def pause(self) -> Iterator[Event]:
        """The ends of the open texts, for something that is emitted between them."""
        for answer in self._known.values():
            yield from answer.speech.close()


class _ModelMessage:
    """One message of a model."""

    def __init__(self, id_: str, path: str) -> None:
        self.path = path
        self.speech = Speech()
        self._id = id_ or uuid4().hex
        self._parent = {"parentMessageId": id_} if id_ else {}
        self._reasoning = Reasoning(self.speech)
        self._calls: dict[object, str] = {}

    def holds(self, call_id: str) -> bool:
        return call_id in self._calls.values()

    def prose(self, message: Chunk) -> Iterator[Event]:
        for thought in thoughts_of(message):
            yield from self._reasoning.say(self._id, thought)
        yield from self.speech.say("text", self._id, text_of(message.get("content")))

    def tool_calls(self, message: Chunk) -> Iterator[Event]:
        for piece in _pieces(message):
            place = piece.get("index")
            if piece.get("id") and piece.get("name"):
                yield from self.speech.close()
                self._calls[place] = piece["id"]
                ids = {"toolCallId": piece["id"], "toolCallName": piece["name"]}
                yield {"type": "TOOL_CALL_START", **ids, **self._parent}
            if piece.get("args") and place in self._calls:
                ids = {"toolCallId": self._calls[place]}
                yield {"type": "TOOL_CALL_ARGS", **ids, "delta": piece["args"]}

    def closed(self) -> Iterator[Event]:
        yield from self.speech.close()
        for call in self._calls.values():
            yield {"type": "TOOL_CALL_END", "toolCallId": call}
        self._calls.clear()


def _pieces(message: Chunk) -> Iterable[Mapping[str, Json]]:
    if message["type"] != "ai":
        return message.get("tool_call_chunks") or ()
    return [
        {"id": call.id, "name": call.name, "args": call.arguments, "index": call.id}
        for call in calls_of(message)
    ]


def _rules(about: About) -> list[Mapping[str, Json]]:
    """What a graph foretells its state by, as far as it can be meant."""
    given = about.get("predict_state")
    listed = given if isinstance(given, list) else [given]
    return [rule for rule in listed if isinstance(rule, Mapping) and "tool" in rule]


def _foretells(rules: Iterable[Mapping[str, Json]], tool: str) -> bool:
    return any(rule["tool"] == tool for rule in rules)


def _wanted(about: About, flag: str) -> bool:
    """Whether a graph lets this call of its model be shown (`copilotkit_customize_config`)."""
    return about.get(flag) is not False and about.get(f"copilotkit:{flag}") is not False
