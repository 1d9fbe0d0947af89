"""Makes AG-UI events out of the chunks of one chat completion; reads no sockets.

Servers differ in what they leave out, and some count their ids from zero for every answer: ids that
are missing, or that the conversation has already, are made anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from uuid import uuid4

from ag_ui.core import AssistantMessage, RunAgentInput

from agui_runtime.connectors.shared.chat.calls import Calls, StreamedCall
from agui_runtime.connectors.shared.chat.chunks import (
    Chunk,
    choices_of,
    counts,
    index_of,
    miscounts,
    plain_delta,
    read_choice,
    read_delta,
    text_alone,
)
from agui_runtime.connectors.shared.chat.dialects import CUT_SHORT, FAILED
from agui_runtime.connectors.shared.chat.failures import failed, failure, sentence, stream_failure
from agui_runtime.connectors.shared.chat.framing import read
from agui_runtime.connectors.shared.chat.prose import REASONING, TEXT, Form, Prose
from agui_runtime.connectors.shared.chat.tags import Part, TagReader
from agui_runtime.connectors.shared.chat.thoughts import Thoughts
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.secrets import NO_SECRETS, Secrets

logger = logger_of(__name__)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who answers. `name` and `model` are the labels of the token counts, `origin` is what marks
    the signatures that only this provider takes back. `thinks_first`: its answers begin within
    their reasoning, whose first tag it leaves out. `miscounting` collects, for all answers of an
    agent, the models of whose wrong counts the log knows.
    """

    name: str | None
    model: str
    origin: str = ""
    secrets: Secrets = NO_SECRETS
    thinks_first: bool = False
    miscounting: set[str] = field(default_factory=set)


class ChatReply:
    """One answer. Feed it the chunks as JSON values, in their order.

    Text takes the id of the completion, and tool calls name it as their parent; text after a tool
    call is a message of its own. A tool call ends when its arguments are a whole object, so that it
    can be carried out while the answer goes on, or else with the answer: servers may send the
    arguments of parallel ones in turns, and reasons to finish with every chunk.
    """

    def __init__(self, request: RunAgentInput, provider: Provider) -> None:
        self._run = {"threadId": request.thread_id, "runId": request.run_id}
        self._provider = provider
        self._taken = set(_ids(request))
        self._usage: Event = {}
        self._reason = ""
        self._failure: object = None
        self._went_on = False
        self._index: int | None = None
        self._message = ""
        self._message_used = False
        self._prose = Prose(self._prose_id)
        self._tags = TagReader(inside=provider.thinks_first)
        self._calls = Calls(request.tools or ())
        self._ended: set[str] = set()
        self._thoughts = Thoughts(provider.origin)

    @property
    def usage(self) -> Event:
        """The counts of tokens so far."""
        return self._usage

    @property
    def reason(self) -> str:
        """Why the server says that it ended the answer; empty before."""
        return self._reason

    @property
    def text(self) -> str:
        """The answer's words so far."""
        return self._prose.text(TEXT)

    @property
    def finished(self) -> bool:
        """The server has given the reason why it ended the answer."""
        return bool(self._reason)

    @property
    def surely_finished(self) -> bool:
        """The same of a server that does not say so with every chunk."""
        return self.finished and not self._went_on

    def feed(self, value: object, event: str = "") -> list[Event]:
        """The events of one value of the answer, in an event of that name.

        Raises ModelFailure where the chunk reports one. What cannot be read is dropped and logged.
        """
        goes_on = self._message and self._index == 0 and not self._reason
        try:
            if goes_on and type(value) is dict and (delta := plain_delta(value)):
                text = text_alone(delta)
                return self._say(text) if text else list(self._absorb(read_delta(delta)))
            return self._feed(value, event)
        except RecursionError:
            logger.warning("a part of the model's answer is nested too deep, and was left out")
            return []

    def _feed(self, value: object, event: str) -> list[Event]:
        value = read(value.encode()) or value if isinstance(value, str) else value
        if isinstance(value, list):
            return [each for item in value for each in self._feed(item, event)]
        if not isinstance(value, dict):
            if event == "error":
                raise stream_failure(self._provider.secrets.cut_all(value))
            logger.warning("a part of the model's answer is no object, and was left out")
            return []
        if error := failed(value, event):
            raise stream_failure(self._provider.secrets.cut_all(error))
        self._usage |= counts(value)
        if value.get("usage"):
            self._report_miscounts(value)
        choices = choices_of(value)
        if self._index is None and choices:
            self._index = min((n for n in map(index_of, choices) if n is not None), default=None)
        return [each for choice in choices for each in self._choice(choice, value)]

    def _report_miscounts(self, value: JsonObject) -> None:
        """Once for each model."""
        model, known = self._provider.model, self._provider.miscounting
        if model not in known and (names := miscounts(value)):
            known.add(model)
            logger.warning("%s counts no tokens in %s; that is ignored", model, ", ".join(names))

    def unfinished(self, stray: str) -> ModelFailure:
        """What it means that the answer has no end. Where all of it is `stray` text, that is what
        the provider has to say instead of an answer.
        """
        words = self._provider.secrets.cut(sentence(stray))
        if words and not self._message:
            return stream_failure(words)
        return failure("STREAM_BROKEN", cause="the answer has no end, or is no event stream")

    def close(self) -> Iterator[Event]:
        """The events after the last chunk, up to RUN_FINISHED with the token counts.

        Raises ModelFailure when the server has cut the answer, or failed, or said nothing at all.
        """
        if not self._message:
            raise failure("STREAM_BROKEN", cause="the answer is empty")
        yield from self._text(self._tags.end())
        kind = FAILED.get(self._reason.rpartition(":")[2].strip().lower())
        if kind is None:
            yield from self._calls_at_last()
            yield from self._thought_alone()
            kind = "STREAM_BROKEN" if self._calls.lost and not self._answered else None
        yield from self._prose.close()
        if kind is not None:
            raise failure(kind, cause=f"finish_reason {self._reason}")
        begun = [call for call in self._calls.all if call.begun]
        yield from self._signed(begun)
        yield from (self._end(call) for call in begun if call.id not in self._ended)
        labels = {"provider": self._provider.name} if self._provider.name else {}
        usage = {**labels, "model": self._provider.model, **self._usage}
        yield {"type": "RUN_FINISHED", **self._run, **({"usage": [usage]} if self._usage else {})}

    def _choice(self, choice: JsonObject, value: Mapping[str, Json]) -> Iterator[Event]:
        for chunk in read_choice(choice):
            if chunk.index not in (None, self._index):
                continue  # another answer to the same question
            if not self._message:
                given = value.get("id")
                wanted = given if isinstance(given, str) and given else f"chatcmpl-{uuid4().hex}"
                self._message = self._fresh(wanted)
            yield from self._absorb(chunk)

    def _absorb(self, chunk: Chunk) -> Iterator[Event]:
        if chunk.reason:
            self._reason = chunk.reason
            return
        self._went_on = self._went_on or (self.finished and chunk.says)
        if chunk.thought and not (chunk.whole and self._prose.text(REASONING)):
            yield from self._prose.say(REASONING, chunk.thought)
        if chunk.text and not (chunk.whole and self._prose.text(TEXT)):
            yield from self._text(self._tags.feed(chunk.text))
        yield from self._call_pieces(chunk)
        if not (chunk.whole and self._thoughts):
            self._thoughts.note(chunk.source)

    def _call_pieces(self, chunk: Chunk) -> Iterator[Event]:
        if chunk.whole and self._calls.all:
            return
        for call in self._calls.take_all(chunk.calls):
            yield from self._go_on(call)

    def _say(self, text: str) -> list[Event]:
        if self._tags.passes(text):
            return self._prose.say(TEXT, text)
        return list(self._text(self._tags.feed(text)))

    def _text(self, parts: Iterable[Part]) -> Iterator[Event]:
        for kind, text in parts:
            if kind == "break":
                yield from self._prose.close()
            else:
                yield from self._prose.say(REASONING if kind == "thought" else TEXT, text)

    def _go_on(self, call: StreamedCall) -> Iterator[Event]:
        """What is certain of the call by now."""
        if not call.begun and self._calls.certain(call):
            yield from self._begin(call)
        if call.begun and (news := call.arguments.news()):
            yield {"type": "TOOL_CALL_ARGS", "toolCallId": call.id, "delta": news}
            if call.arguments.whole:  # nothing that follows would count
                yield self._end(call)

    def _end(self, call: StreamedCall) -> Event:
        self._ended.add(call.id)
        return {"type": "TOOL_CALL_END", "toolCallId": call.id}

    def _begin(self, call: StreamedCall) -> Iterator[Event]:
        yield from self._prose.close()
        self._message_used = True
        call.id = self._fresh(call.given or f"call_{uuid4().hex}")
        ids = {"toolCallId": call.id, "parentMessageId": self._message}
        yield {"type": "TOOL_CALL_START", "toolCallName": call.name, **ids}

    def _calls_at_last(self) -> Iterator[Event]:
        """What was uncertain of the calls while more could follow."""
        for call in self._calls.all:
            if not call.begun and self._calls.certain_at_last(call):
                yield from self._begin(call)
            if call.begun and (rest := call.arguments.rest()):
                yield {"type": "TOOL_CALL_ARGS", "toolCallId": call.id, "delta": rest}

    def _signed(self, begun: Sequence[StreamedCall]) -> Iterator[Event]:
        """What goes back to the provider with the calls, or with the text where there are none."""
        if begun:
            self._thoughts.note({"content_before": self._tags.taken})
            yield from self._thoughts.of_calls([(call.id, call.sources) for call in begun])
        elif self._prose.text(TEXT):
            yield from self._thoughts.of_text(self._message)

    def _thought_alone(self) -> Iterator[Event]:
        """The answer of a server that took it for reasoning, all of it."""
        thought = self._prose.text(REASONING).strip()
        if thought and not self._answered and self._reason.lower() not in CUT_SHORT:
            yield from self._prose.say(TEXT, thought)

    @property
    def _answered(self) -> bool:
        return bool(self._prose.text(TEXT)) or any(call.begun for call in self._calls.all)

    def _prose_id(self, form: Form) -> str:
        if form is REASONING:
            return self._fresh(f"{self._message}-reasoning")
        if self._message_used:
            return self._fresh(self._message)
        self._message_used = True
        return self._message

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
