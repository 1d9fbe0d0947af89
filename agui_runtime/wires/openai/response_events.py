"""AG-UI events of one run as the events of a response, and as the items of its output. Pure.

What is made depends on the run's events, so that whoever reads them later gets the same under the
same numbers: a call is the client's if the run ends before anybody answered it, and is sent then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from agui_runtime.core.events import Event, Message
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.openai.items import LABEL, Waiting, is_approval, result_fields
from agui_runtime.wires.openai.response_ids import (
    ApprovalPlace,
    ItemPlace,
    Place,
    approval_id,
    item_id,
)
from agui_runtime.wires.openai.run_reader import NOTHING, RunReader
from agui_runtime.wires.shared.shown import FINISHES, question as in_text


@dataclass(slots=True)
class _Call:
    """What the agent calls, as far as it has come; `approval` is the id of the question that was
    asked before it was carried out.
    """

    name: str
    pieces: list[str] = field(default_factory=list)
    approval: str | None = None

    @property
    def fields(self) -> JsonObject:
        return {"name": self.name, "arguments": "".join(self.pieces)}


class ResponseEvents(RunReader):
    """`output` are the items so far; calls of tools that are not among `tools` are not the
    client's, None for any.
    `waiting` are the calls that the run was to carry out once they were approved.
    """

    def __init__(
        self,
        place: Place,
        tools: Collection[str] | None = None,
        waiting: Sequence[Waiting] = (),
    ) -> None:
        super().__init__()
        self.output: list[JsonObject] = []
        self._place = place
        self._tools = tools
        self._waiting = {each.call_id: each for each in waiting}
        self._places: dict[str, int] = {}
        self._pieces: dict[str, list[str]] = {}
        self._calls: dict[str, _Call] = {}
        self._questions: list[object] = []

    # Messages and thoughts

    def text_started(self, event: Event) -> Iterator[JsonObject]:
        if event.get("role", "assistant") == "assistant":
            yield from self._open_text(f"msg_{event['messageId']}", event["messageId"])

    def text(self, event: Event) -> Iterator[JsonObject]:
        id_ = f"msg_{event['messageId']}"
        if id_ in self._pieces and event["delta"]:
            yield self._text_delta(id_, event["delta"])

    def text_ended(self, event: Event) -> Iterator[JsonObject]:
        yield from self._close_text(f"msg_{event['messageId']}")

    def _open_text(self, id_: str, message: str = "") -> Iterator[JsonObject]:
        item = {"id": id_, "type": "message", "status": "in_progress", "role": "assistant"}
        yield self._added({**item, **self.signature, "content": []}, message)
        yield self._event("content_part.added", id_, content_index=0, part=_text_part(""))

    def _text_delta(self, id_: str, delta: str) -> JsonObject:
        self._pieces[id_].append(delta)
        return self._event("output_text.delta", id_, content_index=0, delta=delta, logprobs=[])

    def _close_text(self, id_: str) -> Iterator[JsonObject]:
        if id_ not in self._pieces:
            return
        text = "".join(self._pieces.pop(id_))
        part = _text_part(text)
        yield self._event("output_text.done", id_, content_index=0, text=text, logprobs=[])
        yield self._event("content_part.done", id_, content_index=0, part=part)
        yield self._done(id_, {"status": "completed", "content": [part]})

    def _whole_text(self, id_: str, text: str, message: str = "") -> Iterator[JsonObject]:
        yield from self._open_text(id_, message)
        yield self._text_delta(id_, text)
        yield from self._close_text(id_)

    def thought_started(self, event: Event) -> Iterator[JsonObject]:
        id_ = f"rs_{event['messageId']}"
        yield self._added({"id": id_, "type": "reasoning", "summary": []}, event["messageId"])
        part = {"type": "summary_text", "text": ""}
        yield self._event("reasoning_summary_part.added", id_, summary_index=0, part=part)

    def thought(self, event: Event) -> Iterator[JsonObject]:
        id_, delta = f"rs_{event['messageId']}", event["delta"]
        if id_ in self._pieces and delta:
            self._pieces[id_].append(delta)
            yield self._event("reasoning_summary_text.delta", id_, summary_index=0, delta=delta)

    def thought_ended(self, event: Event) -> Iterator[JsonObject]:
        yield from self._close_thought(f"rs_{event['messageId']}")

    def _close_thought(self, id_: str) -> Iterator[JsonObject]:
        if id_ not in self._pieces:
            return
        text = "".join(self._pieces.pop(id_))
        part = {"type": "summary_text", "text": text}
        yield self._event("reasoning_summary_text.done", id_, summary_index=0, text=text)
        yield self._event("reasoning_summary_part.done", id_, summary_index=0, part=part)
        yield self._done(id_, {"summary": [part]})

    # Calls

    def call_started(self, event: Event) -> Iterator[JsonObject]:
        self._calls[event["toolCallId"]] = _Call(event["toolCallName"])
        return iter(NOTHING)

    def arguments(self, event: Event) -> Iterator[JsonObject]:
        if event["toolCallId"] in self._calls:
            self._calls[event["toolCallId"]].pieces.append(event["delta"])
        return iter(NOTHING)

    def answered(self, event: Event) -> Iterator[JsonObject]:
        """The server carried it out itself; before that, nobody who reads the log knows it."""
        call_id = event["toolCallId"]
        call = self._calls.pop(call_id, None) or self._approved(call_id)
        if call is None:
            return
        id_, fields, result = f"mcp_{call_id}", call.fields, result_fields(event)
        item = {"id": id_, "type": "mcp_call", "server_label": LABEL, **fields, "arguments": ""}
        item |= {"status": "in_progress", "approval_request_id": call.approval}
        yield self._added(item | {"output": None, "error": None}, call_id)
        yield self._event("mcp_call.in_progress", id_)
        arguments = {"arguments": fields["arguments"]}
        yield from self._whole_arguments("mcp_call_arguments", id_, arguments)
        yield self._event(f"mcp_call.{result['status']}", id_)
        yield self._done(id_, arguments | result)

    def _approved(self, call_id: str) -> _Call | None:
        """A call of an earlier run, which was to be approved first."""
        waiting = self._waiting.get(call_id)
        if waiting is None or f"mcp_{call_id}" in self._places:
            return None
        function = waiting.function
        return _Call(function["name"], [function["arguments"]], waiting.approval)

    def _called(self, call_id: str, call: _Call) -> Iterator[JsonObject]:
        """For the client to carry out."""
        id_, fields = f"fc_{call_id}", call.fields
        item = {"id": id_, "type": "function_call", "call_id": call_id, **fields}
        yield self._added(item | {"arguments": "", "status": "in_progress"}, call_id)
        yield from self._whole_arguments("function_call_arguments", id_, fields)
        yield self._done(id_, {"arguments": fields["arguments"], "status": "completed"})

    def _whole_arguments(self, kind: str, id_: str, fields: JsonObject) -> Iterator[JsonObject]:
        if fields["arguments"]:
            yield self._event(f"{kind}.delta", id_, delta=fields["arguments"])
        yield self._event(f"{kind}.done", id_, **fields)

    # What is stated

    def stated_answer(self, message: Message) -> Iterator[JsonObject]:
        id_ = f"msg_{message['id']}"
        if id_ not in self._places and message.get("content"):
            yield from self._whole_text(id_, str(message["content"]), message["id"])
        for call in message.get("toolCalls") or ():
            if f"mcp_{call['id']}" not in self._places:
                function = call["function"]
                known = _Call(function["name"], [function["arguments"]])
                self._calls.setdefault(call["id"], known)

    # Questions, and the end

    def question(self, value: object) -> Iterator[JsonObject]:
        self._questions.append(value)
        return iter(NOTHING)

    def ended(self, event: Event) -> Iterator[JsonObject]:
        for id_ in list(self._pieces):
            is_thought = self.output[self._places[id_]]["type"] == "reasoning"
            yield from self._close_thought(id_) if is_thought else self._close_text(id_)
        outcome = event.get("outcome") or {}
        interrupts = outcome.get("interrupts") or ()
        if event["type"] == "RUN_FINISHED" and outcome.get("type") != "cancelled":
            yield from self._open_calls({each.get("toolCallId") for each in interrupts})
        yield from self._questioned(interrupts)
        if FINISHES.get(event.get("code", "")) == "content_filter":
            yield from self._refused(event["message"])
        self.end = event

    def _questioned(self, interrupts: Sequence[JsonObject]) -> Iterator[JsonObject]:
        """What the run waits for: approvals of calls, or the answer to a question."""
        approvals = [each for each in interrupts if is_approval(each, self._calls)]
        for each in approvals:
            yield from self._approval(each)
        others = [each.get("message") or each for each in interrupts if each not in approvals]
        questions = others if approvals else self._questions or others
        for number, value in enumerate(questions, 1):
            yield from self._whole_text(f"msg_question_{number}", in_text(value))

    def _approval(self, interrupt: JsonObject) -> Iterator[JsonObject]:
        thread, run, *_ = self._place
        id_ = approval_id(ApprovalPlace(thread, run, interrupt["id"]))
        fields = self._calls[interrupt["toolCallId"]].fields
        item = {"id": id_, "type": "mcp_approval_request", "server_label": LABEL, **fields}
        place = self._placed(id_, item)
        yield {"type": "response.output_item.added", "output_index": place, "item": item}
        yield {"type": "response.output_item.done", "output_index": place, "item": item}

    def _open_calls(self, pending: Collection[str | None]) -> Iterator[JsonObject]:
        """Those that wait for the client; what is pending waits for somebody's approval."""
        for call_id, call in self._calls.items():
            is_known = self._tools is None or call.name in self._tools
            if is_known and call_id not in pending:
                yield from self._called(call_id, call)

    def _refused(self, reason: str) -> Iterator[JsonObject]:
        id_, part = "msg_refusal", {"type": "refusal", "refusal": reason}
        item = {"id": id_, "type": "message", "status": "in_progress", "role": "assistant"}
        yield self._added(item | {"content": []})
        yield self._event("content_part.added", id_, content_index=0, part=part | {"refusal": ""})
        yield self._event("refusal.delta", id_, content_index=0, delta=reason)
        yield self._event("refusal.done", id_, content_index=0, refusal=reason)
        yield self._event("content_part.done", id_, content_index=0, part=part)
        yield self._done(id_, {"status": "completed", "content": [part]})

    # Items

    def _added(self, item: JsonObject, of: str = "") -> JsonObject:
        """`of` is the message or the call that it is made of, if the thread has it."""
        key = item["id"]
        # The agent may go on under an id that it has ended.
        nth = "" if of and key not in self._places else str(len(self.output))
        kind, _, _ = key.partition("_")
        item = {**item, "id": item_id(ItemPlace(kind, self._place.thread_id, of, nth))}
        place = self._placed(key, item)
        if item["type"] in {"message", "reasoning"}:
            self._pieces[key] = []
        return {"type": "response.output_item.added", "output_index": place, "item": item}

    def _placed(self, key: str, item: JsonObject) -> int:
        place = self._places[key] = len(self.output)
        self.output.append(item)
        return place

    def _done(self, id_: str, changes: JsonObject) -> JsonObject:
        place = self._places[id_]
        item = self.output[place] = self.output[place] | changes
        return {"type": "response.output_item.done", "output_index": place, "item": item}

    def _event(self, kind: str, id_: str, **fields: object) -> JsonObject:
        place = self._places[id_]
        where = {"item_id": self.output[place]["id"], "output_index": place}
        return {"type": f"response.{kind}", **where, **fields}


def _text_part(text: str) -> JsonObject:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
