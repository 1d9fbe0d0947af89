"""Makes AG-UI events out of the chunks of one streamed chat completion; reads no sockets.

Servers differ in what they leave out, and some count their ids from zero for every answer: ids that
are missing, or that the conversation has already, are made anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, count
from typing import Any, NamedTuple
from uuid import uuid4

from ag_ui.core import AssistantMessage, RunAgentInput

from agui_runtime.connectors.chat.failures import failure, malformed, told_in_stream
from agui_runtime.events import Event

_COUNTS = (
    ("inputTokens", ("prompt_tokens",)),
    ("outputTokens", ("completion_tokens",)),
    ("totalTokens", ("total_tokens",)),
    ("reasoningTokens", ("completion_tokens_details", "reasoning_tokens")),
    ("cachedInputTokens", ("prompt_tokens_details", "cached_tokens")),
)


class _Form(NamedTuple):
    """What opens, carries and closes one kind of prose; each event also gets its `messageId`."""

    opening: tuple[Event, ...]
    content: str
    closing: tuple[Event, ...]


_TEXT = _Form(
    ({"type": "TEXT_MESSAGE_START", "role": "assistant"},),
    "TEXT_MESSAGE_CONTENT",
    ({"type": "TEXT_MESSAGE_END"},),
)
_REASONING = _Form(
    ({"type": "REASONING_START"}, {"type": "REASONING_MESSAGE_START", "role": "reasoning"}),
    "REASONING_MESSAGE_CONTENT",
    ({"type": "REASONING_MESSAGE_END"}, {"type": "REASONING_END"}),
)


class _Call(NamedTuple):
    """A tool call under the id that we gave it, and under the server's."""

    id: str
    given: str | None


class Reply:
    """One answer. Feed it the chunks as JSON objects, in their order.

    Text takes the id of the completion, and tool calls name it as their parent; text after a tool
    call is a message of its own. Tool calls end with the answer, since servers may send the
    arguments of parallel ones in turns.
    """

    def __init__(self, request: RunAgentInput, provider: str | None, model: str) -> None:
        """`provider` and `model` are the labels of the token counts."""
        self._reason: object = None
        self._run = {"threadId": request.thread_id, "runId": request.run_id}
        self._taken = set(_ids(request))
        self._labels = {**({"provider": provider} if provider else {}), "model": model}
        self._usage: Event = {}
        self._message = ""
        self._message_used = False
        self._form: _Form | None = None
        self._prose = ""
        self._calls: dict[int | None, _Call] = {}
        self._open_calls: list[str] = []

    @property
    def finished(self) -> bool:
        """The server has said why it ended the answer."""
        return self._reason is not None

    def feed(self, chunk: object) -> list[Event]:
        """The events of one chunk.

        Raises ModelFailure when it is an error, or no chunk at all.
        """
        events: list[Event] = []
        choice = self._choice(chunk)
        if choice is None:
            return events
        if delta := choice.get("delta"):
            self._delta(delta, events)
        if reason := choice.get("finish_reason"):
            self._reason = reason
            self._close_all(events)
        return events

    def close(self) -> list[Event]:
        """What remains to be told after the last chunk: RUN_FINISHED, with the token counts.

        Raises ModelFailure when a filter of the provider cut the answer.
        """
        if self._reason == "content_filter":
            raise failure("CONTENT_POLICY")
        events: list[Event] = []
        self._close_all(events)
        usage = {"usage": [self._usage]} if self._usage else {}
        events.append({"type": "RUN_FINISHED", **self._run, **usage})
        return events

    def _choice(self, chunk: object) -> Mapping[str, Any] | None:
        """The first choice, if there is one; what else the chunk tells is noted."""
        if not isinstance(chunk, dict):
            raise malformed("a chunk that is no object")
        if error := chunk.get("error"):
            raise told_in_stream(error)
        if counts := _counted(chunk.get("usage")):
            self._usage = {**self._labels, **counts}
        choices = chunk.get("choices")
        if not choices:
            return None
        if not isinstance(choices, list) or not isinstance(choices[0], dict):
            raise malformed("choices that are no objects")
        if not self._message:
            self._message = self._fresh(chunk.get("id") or f"chatcmpl-{uuid4().hex}")
        return choices[0]

    def _delta(self, delta: object, events: list[Event]) -> None:
        if not isinstance(delta, dict):
            raise malformed("a delta that is no object")
        if thought := delta.get("reasoning_content") or delta.get("reasoning"):
            self._say(thought, _REASONING, events)
        if text := delta.get("content") or delta.get("refusal"):
            self._say(text, _TEXT, events)
        if calls := delta.get("tool_calls"):
            if not isinstance(calls, list):
                raise malformed("tool calls that are no list")
            for call in calls:
                self._call(call, events)

    def _say(self, text: object, form: _Form, events: list[Event]) -> None:
        if not isinstance(text, str):
            raise malformed("text that is no string")
        if self._form is not form:
            self._close_prose(events)
            self._form, self._prose = form, self._prose_id(form)
            events += ({**event, "messageId": self._prose} for event in form.opening)
        events.append({"type": form.content, "messageId": self._prose, "delta": text})

    def _prose_id(self, form: _Form) -> str:
        if form is _REASONING:
            return self._fresh(f"{self._message}-reasoning")
        if self._message_used:
            return self._fresh(self._message)
        self._message_used = True
        return self._message

    def _call(self, part: object, events: list[Event]) -> None:
        if not isinstance(part, dict) or not isinstance(function := part.get("function"), dict):
            raise malformed("a tool call that is no object")
        call = self._calls.get(part.get("index"))
        given = part.get("id")
        # Some servers give all parallel calls the same index, or none; their ids tell them apart.
        if call is None or (given and function.get("name") and given != call.given):
            call = self._open_call(part, function.get("name"), events)
        if arguments := function.get("arguments"):
            events.append({"type": "TOOL_CALL_ARGS", "toolCallId": call.id, "delta": arguments})

    def _open_call(self, part: Mapping[str, Any], name: object, events: list[Event]) -> _Call:
        if not isinstance(name, str) or not name:
            raise malformed("a tool call without a name")
        self._close_prose(events)
        self._message_used = True
        given = part.get("id")
        call = _Call(self._fresh(given or f"call_{uuid4().hex}"), given)
        self._calls[part.get("index")] = call
        self._open_calls.append(call.id)
        ids = {"toolCallId": call.id, "parentMessageId": self._message}
        events.append({"type": "TOOL_CALL_START", "toolCallName": name, **ids})
        return call

    def _close_prose(self, events: list[Event]) -> None:
        if self._form is not None:
            events += ({**event, "messageId": self._prose} for event in self._form.closing)
            self._form = None

    def _close_all(self, events: list[Event]) -> None:
        self._close_prose(events)
        events += ({"type": "TOOL_CALL_END", "toolCallId": call} for call in self._open_calls)
        self._open_calls.clear()
        self._calls.clear()

    def _fresh(self, wanted: str) -> str:
        return distinct(wanted, self._taken)


def distinct(wanted: str, taken: set[str]) -> str:
    """`wanted`, or a numbered variant of it that is not among the `taken` ids; then it is."""
    numbered = (f"{wanted}-{number}" for number in count(2))
    id_ = next(id_ for id_ in chain([wanted], numbered) if id_ not in taken)
    taken.add(id_)
    return id_


def _ids(request: RunAgentInput) -> Iterator[str]:
    for message in request.messages:
        yield message.id
        if isinstance(message, AssistantMessage):
            yield from (call.id for call in message.tool_calls or ())


def _counted(usage: object) -> Event:
    """The counts of an AG-UI TokenUsage; servers put nulls and strings among them."""
    if not usage:
        return {}
    found = {name: _at(usage, path) for name, path in _COUNTS}
    return {name: count for name, count in found.items() if type(count) is int and count >= 0}


def _at(value: object, path: tuple[str, ...]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
