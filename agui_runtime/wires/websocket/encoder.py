"""From the records of a thread to the frames of one request. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import orjson

from agui_runtime.core import jsontext
from agui_runtime.core.events import ROUTED, TERMINAL, Cursor, Event, Record
from agui_runtime.core.jsontext import Json, JsonObject


class StreamEncoder:
    """Every record is in one frame, in order: pieces of a text in `stream_text`, one frame for what
    came at once of it, and any other event as it is in `stream_block`. The `cursor` of these is the
    place behind it.

    `tool_call` stands behind the block with which a call of one of the `tools` is complete, and
    `popup_domain` before the block that says whom a router chose: a client that was cut off between
    the two loses neither.
    """

    def __init__(
        self, request_id: str, start: Cursor, tools: Collection[str] = (), *, popup: bool = False
    ) -> None:
        self.end: Event | None = None
        self.cursor = str(start)
        self.calls: list[str] = []
        self._request_id = request_id
        self._tools = tools
        self._popup = popup
        self._open: dict[str, tuple[str, list[str]]] = {}

    def frames(self, records: Iterable[Record], epoch: str) -> Iterator[JsonObject]:
        """Those of the records of one batch."""
        block, words = "", list[str]()
        for seq, _, event in records:
            text = event["type"] == "TEXT_MESSAGE_CONTENT"
            if words and not (text and event["messageId"] == block):
                yield self._text(block, words)
                words = []
            if text:
                block = event["messageId"]
                words.append(event["delta"])
                self.cursor = f"{epoch}.{seq}"
            else:
                yield from self._block(event, f"{epoch}.{seq}")
        if words:
            yield self._text(block, words)

    def started(self, thread_id: str, run_id: str | None) -> JsonObject:
        """The first frame of the stream; it has no run where it attaches to a thread."""
        return self._frame("stream_start", thread_id=thread_id, run_id=run_id)

    def call(self, call: JsonObject) -> JsonObject:
        """The frame that gives the client a call, in AG-UI's form, to carry out."""
        self.calls.append(call["id"])
        function = call["function"]
        return self._frame(
            "tool_call",
            tool_call_id=call["id"],
            name=function["name"],
            arguments=_parsed(function["arguments"]),
        )

    def ended(self, end: JsonObject) -> JsonObject:
        """The last frame of the stream; `end` is from `end_of`."""
        return self._frame("stream_end", **end)

    def _text(self, block: str, words: Iterable[str]) -> JsonObject:
        return self._frame("stream_text", block_id=block, delta="".join(words))

    def _block(self, event: Event, cursor: str) -> Iterator[JsonObject]:
        kind = event["type"]
        if self._popup and kind == "CUSTOM" and event["name"] == ROUTED:
            yield self._frame("popup_domain", **_chosen(event.get("value")))
        self.cursor = cursor
        yield self._frame("stream_block", block=event)
        if kind in TERMINAL:
            self.end = event
        elif self._tools and kind.startswith("TOOL_CALL_"):
            yield from self._calls(kind, event)

    def _calls(self, kind: str, event: Event) -> Iterator[JsonObject]:
        """Follow the calls that are the client's; one that is complete becomes a frame."""
        id_ = event["toolCallId"]
        if kind == "TOOL_CALL_START" and event["toolCallName"] in self._tools:
            self._open[id_] = (event["toolCallName"], [])
        elif kind == "TOOL_CALL_ARGS" and id_ in self._open:
            self._open[id_][1].append(event["delta"])
        elif kind == "TOOL_CALL_END" and id_ in self._open:
            name, pieces = self._open.pop(id_)
            yield self.call({"id": id_, "function": {"name": name, "arguments": "".join(pieces)}})

    def _frame(self, kind: str, **fields: Json) -> JsonObject:
        about = {"type": kind, "request_id": self._request_id}
        return {**about, **fields, "cursor": self.cursor}


def end_of(terminal: Event) -> JsonObject:
    """How a run ended, as `stream_end` says it."""
    usage = {"usage": terminal["usage"]} if terminal.get("usage") else {}
    if terminal["type"] == "RUN_ERROR":
        error = {"code": terminal.get("code"), "message": terminal["message"]}
        return {"outcome": "error", "error": error, **usage}
    outcome = terminal.get("outcome") or {}
    known = outcome.get("type") or "success"
    questions = {"interrupts": outcome["interrupts"]} if known == "interrupt" else {}
    return {"outcome": known, **questions, **usage}


def _chosen(value: Json) -> JsonObject:
    given = value if isinstance(value, dict) else {}
    return {name: given.get(name) for name in ("agent", "domain", "by", "confidence")}


def _parsed(arguments: str) -> Json:
    """The arguments of a call; as their text, where the model wrote no JSON."""
    try:
        return jsontext.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        return arguments
