"""A chat completion's answer, as a stream of chunks or as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from agui_runtime.core import jsontext
from agui_runtime.core.events import Record
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.stretches import joined
from agui_runtime.wires.openai.deltas import Deltas
from agui_runtime.wires.openai.errors import RunFailed
from agui_runtime.wires.openai.usage import chat_usage
from agui_runtime.wires.shared.event_stream_frames import frame

DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Completion:
    """What all of an answer's objects say of it."""

    id: str
    created: int
    model: str

    def body(
        self, kind: str, choices: Sequence[JsonObject], usage: JsonObject | None
    ) -> JsonObject:
        """The object of that kind."""
        about = {"id": self.id, "object": kind, "created": self.created, "model": self.model}
        return {**about, "choices": choices, "usage": usage}


class ChatStream:
    """Encodes a run's records as chunks. Nothing is sent before there is something of the answer,
    so that until then a failure can be a status.
    """

    def __init__(self, completion: Completion, deltas: Deltas, *, include_usage: bool) -> None:
        self._completion = completion
        self._deltas = deltas
        self._include_usage = include_usage
        self._begun = False
        chunk = frame(self._chunk({}, None))
        self._head, self._tail = chunk.split(b"{}")

    def frames(self, records: Iterable[Record]) -> Iterator[bytes]:
        """Those for the run's next records; words that come at one go are one chunk."""
        for event in joined([record.event for record in records]):
            for delta in self._deltas.feed(event):
                yield from self._opening()
                yield b"%b%b%b" % (self._head, jsontext.dumps(delta), self._tail)
        if self._deltas.finish is not None:
            yield from self._opening()
            yield from self._closing(self._deltas.finish)

    @property
    def failure(self) -> RunFailed | None:
        """Why the stream has no end of its own."""
        return self._deltas.failure

    def _opening(self) -> Iterator[bytes]:
        if not self._begun:
            self._begun = True
            opening = {"role": "assistant", "content": "", **self._deltas.signature}
            yield frame(self._chunk(opening, None))

    def _closing(self, finish: str) -> Iterator[bytes]:
        yield frame(self._chunk({}, finish))
        usage = chat_usage(self._deltas.end)
        if self._include_usage and usage is not None:
            yield frame(self._completion.body("chat.completion.chunk", [], usage))
        yield DONE

    def _chunk(self, delta: JsonObject, finish: str | None) -> JsonObject:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        chunk = self._completion.body("chat.completion.chunk", [choice], None)
        return chunk if self._include_usage else {k: v for k, v in chunk.items() if k != "usage"}


class WholeChat:
    """Adds up the records of a run to one completion."""

    def __init__(self, completion: Completion, deltas: Deltas) -> None:
        self._completion = completion
        self._deltas = deltas
        self._texts: dict[str, list[str]] = {}
        self._calls: list[JsonObject] = []

    def feed(self, records: Iterable[Record]) -> None:
        """Take the run's next records."""
        for record in records:
            for delta in self._deltas.feed(record.event):
                self._add(delta)

    def body(self) -> JsonObject:
        """The completion, when the run has ended; raises RunFailed."""
        if self._deltas.failure is not None:
            raise self._deltas.failure
        message: JsonObject = {"role": "assistant", "content": None, "refusal": None}
        message |= self._deltas.signature
        message |= {key: "".join(texts) for key, texts in self._texts.items()}
        if self._calls:
            message["tool_calls"] = self._calls
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": self._deltas.finish,
        }
        usage = chat_usage(self._deltas.end)
        return self._completion.body("chat.completion", [choice], usage)

    def _add(self, delta: JsonObject) -> None:
        for key, value in delta.items():
            if key != "tool_calls":
                self._texts.setdefault(key, []).append(value)
                continue
            for piece in value:
                if piece["index"] == len(self._calls):
                    self._calls.append({key: piece[key] for key in ("id", "type", "function")})
                else:
                    held = self._calls[piece["index"]]["function"]
                    held["arguments"] += piece["function"]["arguments"]
