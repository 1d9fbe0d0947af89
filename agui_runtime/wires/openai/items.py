"""A thread's messages as the items of a conversation, and the message that an item is of. Pure.

What a page shows as one answer may be several items here: its text, and each of its calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agui_runtime.core import block_activities
from agui_runtime.core.call_results import has_failed
from agui_runtime.core.events import Event, Message
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.history import without_prompts
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.message_parts import in_words
from agui_runtime.wires.openai.messages import called_by
from agui_runtime.wires.openai.parts import shown_part
from agui_runtime.wires.openai.response_ids import ApprovalPlace, ItemPlace, approval_id, item_id

LABEL = "agui_runtime"
"""The server that carries out what the client does not."""


def items_in(events: Sequence[Event], thread_id: str) -> list[JsonObject]:
    """The items of the conversation that a thread's events add up to."""
    folded = fold(events)
    messages = without_prompts(folded.shared_messages)
    approvals = {each.call_id: each.approval for each in waiting_in(folded, thread_id)}
    return _Items(thread_id, _server_results(messages, events), approvals).of_all(messages)


def items_of(messages: Sequence[Message], thread_id: str) -> list[JsonObject]:
    """The items of messages that came with a request: no result is of the server's."""
    return _Items(thread_id).of_all(messages)


def waiting_in(folded: Fold, thread_id: str) -> list[Waiting]:
    """The calls that the thread's last run asked about before it carries them out."""
    runs = [each.run_id for each in folded.runs if each.status == "interrupted"]
    calls = called_by(folded.shared_messages)
    return [
        Waiting(
            each["toolCallId"],
            calls[each["toolCallId"]]["function"],
            approval_id(ApprovalPlace(thread_id, runs[-1], each["id"])),
        )
        for each in folded.interrupts
        if runs and is_approval(each, calls)
    ]


def is_approval(interrupt: JsonObject, calls: Collection[str]) -> bool:
    """Whether it asks if one of the calls may be carried out."""
    asks = interrupt.get("reason") == "tool_call" and bool(interrupt.get("id"))
    return asks and interrupt.get("toolCallId") in calls


def result_fields(result: Mapping[str, Json]) -> JsonObject:
    """What an item says of what became of its call; of one that failed, the result is the error."""
    text = in_words(result.get("content") or "")
    if has_failed(result):
        return {"status": "failed", "output": None, "error": text or str(result.get("error") or "")}
    return {"status": "completed", "output": text, "error": None}


def message_of(item: ItemPlace, messages: Sequence[Message]) -> list[Message]:
    """What the item is made of, without ids: nothing for a thought, which is not sent back."""
    if item.kind in ("fc", "mcp"):
        call = called_by(messages).get(item.of)
        made: list[Message] = [] if call is None else [_caller(call)]
        results = [each for each in messages if each.get("toolCallId") == item.of]
        return [*made, *(results if item.kind == "mcp" else ())]
    spoken = block_activities.in_words(messages)
    made = [each for each in spoken if each["id"] == item.of and item.kind in ("msg", "fco")]
    return [_only_text(each) for each in made]


def without_item(messages: Sequence[Message], item: ItemPlace) -> list[Message]:
    """The messages but for what that item is made of; a call goes with its result."""
    made: list[Message] = []
    for message in messages:
        if message["role"] == "assistant":
            rest = _without(message, item)
            made += [rest] if rest.get("content") or rest.get("toolCalls") else []
        elif not _is_made_of(item, message):
            made.append(message)
    return made


class Waiting(NamedTuple):
    """A call that is carried out when somebody approves of it, and the question's id."""

    call_id: str
    function: JsonObject
    approval: str


@dataclass(frozen=True, slots=True)
class _Items:
    """`results` are those of the server's own calls, `approvals` the ids of questions about calls,
    by the calls' ids.
    """

    thread_id: str
    results: Mapping[str, Message] = field(default_factory=dict)
    approvals: Mapping[str, str] = field(default_factory=dict)

    def of_all(self, messages: Iterable[Message]) -> list[JsonObject]:
        """What the messages are made of; activities are left out, unless a text stands for them."""
        made = ((_MADE.get(each["role"]), each) for each in block_activities.in_words(messages))
        return [item for make, each in made if make is not None for item in make(self, each)]

    def user(self, message: Message) -> Iterator[JsonObject]:
        content = message.get("content") or ""
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        yield self._message(message, [shown_part(each) for each in parts])

    def assistant(self, message: Message) -> Iterator[JsonObject]:
        if text := in_words(message.get("content") or ""):
            part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
            yield self._message(message, [part])
        for call in message.get("toolCalls") or ():
            yield self._call(call["id"], call["function"])

    def reasoning(self, message: Message) -> Iterator[JsonObject]:
        part = {"type": "summary_text", "text": in_words(message.get("content") or "")}
        yield {"id": self._id("rs", message["id"]), "type": "reasoning", "summary": [part]}

    def result(self, message: Message) -> Iterator[JsonObject]:
        call = message["toolCallId"]
        if call not in self.results:
            id_ = self._id("fco", message["id"])
            item = {"id": id_, "type": "function_call_output", "call_id": call}
            output = in_words(message.get("content") or "")
            yield {**item, "output": output, "status": "completed"}

    def _call(self, call: str, function: JsonObject) -> JsonObject:
        made = {"name": function["name"], "arguments": function["arguments"]}
        if call in self.approvals:
            about = {"id": self.approvals[call], "type": "mcp_approval_request"}
            return {**about, "server_label": LABEL, **made}
        if call not in self.results:
            about = {"id": self._id("fc", call), "type": "function_call", "call_id": call}
            return {**about, **made, "status": "completed"}
        about = {"id": self._id("mcp", call), "type": "mcp_call", "server_label": LABEL}
        return {**about, **made, **result_fields(self.results[call])}

    def _message(self, message: Message, content: Sequence[JsonObject]) -> JsonObject:
        about = {"id": self._id("msg", message["id"]), "type": "message", "role": message["role"]}
        return {**about, "status": "completed", "content": list(content)}

    def _id(self, kind: str, of: str) -> str:
        return item_id(ItemPlace(kind, self.thread_id, of))


_MADE: Mapping[str, Callable[[_Items, Message], Iterator[JsonObject]]] = {
    "user": _Items.user,
    "assistant": _Items.assistant,
    "reasoning": _Items.reasoning,
    "tool": _Items.result,
}


def _server_results(messages: Sequence[Message], events: Iterable[Event]) -> dict[str, Message]:
    """The results that did not come with a request, by the ids of their calls."""
    started = (event for event in events if event["type"] == "RUN_STARTED")
    given = (each for event in started for each in (event.get("input") or {}).get("messages", ()))
    sent = {each["toolCallId"] for each in given if each["role"] == "tool"}
    results = {each["toolCallId"]: each for each in messages if each["role"] == "tool"}
    return {id_: result for id_, result in results.items() if id_ not in sent}


def _caller(call: JsonObject) -> Message:
    return {"role": "assistant", "content": "", "toolCalls": [call]}


def _is_made_of(item: ItemPlace, message: Message) -> bool:
    key = "toolCallId" if item.kind in ("fc", "mcp") else "id"
    return bool(message.get(key) == item.of)


def _without(message: Message, item: ItemPlace) -> Message:
    if item.kind in ("fc", "mcp"):
        calls = [each for each in message.get("toolCalls") or () if each["id"] != item.of]
        return {**message, "toolCalls": calls} if calls else _only_text(message)
    return {**message, "content": ""} if message["id"] == item.of else message


def _only_text(message: Message) -> Message:
    return {key: value for key, value in message.items() if key != "toolCalls"}
