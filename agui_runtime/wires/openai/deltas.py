"""AG-UI events of one run as what a chat completion adds to its message, piece by piece. Pure.

What a chat completion has no form for (states, activities, steps, calls that the server carries out
itself) is left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.openai.continuation import JOINT
from agui_runtime.wires.openai.errors import RunFailed
from agui_runtime.wires.openai.run_reader import NOTHING, RunReader
from agui_runtime.wires.shared.shown import FINISHES, question as in_text


class Deltas(RunReader):
    """Fed with a run's events in their order. `finish` is OpenAI's reason when the run has ended,
    `end` its last event, `failure` is there where it has failed, or somebody stopped it.

    `tools` are the names of those that the client carries out.
    """

    def __init__(self, tools: Collection[str]) -> None:
        super().__init__()
        self.finish: str | None = None
        self.failure: RunFailed | None = None
        self._tools = frozenset(tools)
        self._calls: dict[str, int] = {}
        self._pending: set[str] = set()
        self._texts: set[str] = set()
        self._open: str | None = None
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._closed: list[str] = []
        self._lead = ""
        self._has_spoken = False
        self._has_question = False

    # Two texts at the same time (subagents) are shown one after the other.

    def text_started(self, event: Event) -> Iterator[JsonObject]:
        if event.get("role", "assistant") != "assistant":
            return
        message = event["messageId"]
        self._texts.add(message)
        self._waiting[message] = []
        if self._open is None:
            yield from self._show(message)

    def text(self, event: Event) -> Iterator[JsonObject]:
        message = event["messageId"]
        if message == self._open:
            yield self._content(event["delta"])
        elif message in self._waiting:
            self._waiting[message].append(event["delta"])

    def text_ended(self, event: Event) -> Iterator[JsonObject]:
        message = event["messageId"]
        if message in self._waiting:
            self._closed.append(message)
        elif message == self._open:
            self._open = None
            yield from self._show_next()

    def _show_next(self) -> Iterator[JsonObject]:
        while self._waiting and self._open is None:
            yield from self._show(next(iter(self._waiting)))

    def _show(self, message: str) -> Iterator[JsonObject]:
        self._lead = JOINT if self._has_spoken else ""
        if text := "".join(self._waiting.pop(message)):
            yield self._content(text)
        if message not in self._closed:
            self._open = message

    def _content(self, text: str) -> JsonObject:
        lead, self._lead, self._has_spoken = self._lead, "", True
        return {"content": lead + text}

    def thought(self, event: Event) -> Iterator[JsonObject]:
        yield {"reasoning_content": event["delta"]}

    def call_started(self, event: Event) -> Iterator[JsonObject]:
        id_, name = event["toolCallId"], event["toolCallName"]
        if name in self._tools and id_ not in self._calls:
            yield self._call(id_, name, "")

    def arguments(self, event: Event) -> Iterator[JsonObject]:
        index = self._calls.get(event["toolCallId"])
        if index is not None:
            yield {"tool_calls": [{"index": index, "function": {"arguments": event["delta"]}}]}

    def _call(self, id_: str, name: str, arguments: str) -> JsonObject:
        self._calls[id_] = index = len(self._calls)
        self._pending.add(id_)
        function = {"name": name, "arguments": arguments}
        return {
            "tool_calls": [{"index": index, "id": id_, "type": "function", "function": function}]
        }

    def answered(self, event: Event) -> Iterator[JsonObject]:
        """The agent did not wait for the client."""
        self._pending.discard(event["toolCallId"])
        return iter(NOTHING)

    def stated(self, event: Event) -> Iterator[JsonObject]:
        yield from super().stated(event)
        yield from self._show_next()

    def stated_answer(self, message: Message) -> Iterator[JsonObject]:
        if message["id"] not in self._texts and message.get("content"):
            self._texts.add(message["id"])
            self._waiting[message["id"]] = [str(message["content"])]
            self._closed.append(message["id"])
        for call in message.get("toolCalls") or ():
            name, arguments = (call["function"][key] for key in ("name", "arguments"))
            if name in self._tools and call["id"] not in self._calls:
                yield self._call(call["id"], name, arguments)

    def ended(self, event: Event) -> Iterator[JsonObject]:
        self._open = None
        yield from self._show_next()
        self.end = event
        outcome = event.get("outcome") or {}
        cut = FINISHES.get(event.get("code", ""))
        if cut == "content_filter":
            yield {"refusal": event["message"]}
        elif (event["type"] == "RUN_ERROR" and cut is None) or outcome.get("type") == "cancelled":
            self.failure = RunFailed(event)
            return
        if not self._has_question:
            for interrupt in outcome.get("interrupts") or ():
                if interrupt.get("toolCallId") not in self._calls:
                    yield from self.question(interrupt.get("message") or interrupt)
        self.finish = cut or ("tool_calls" if self._pending else "stop")

    def question(self, value: object) -> Iterator[JsonObject]:
        self._has_question = True
        self._lead = JOINT if self._has_spoken else ""
        yield self._content(in_text(value))
