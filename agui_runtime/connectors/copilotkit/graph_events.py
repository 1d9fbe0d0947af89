"""LangGraph's events, as the SDK's LangGraph agents send them, as AG-UI events. Pure.

Model calls come as `on_chat_model_stream`, whose chunk is a serialised LangChain message
(`{"kwargs": {...}}`) or that message itself; the rest are the SDK's own events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from agui_runtime.connectors.copilotkit.messages import as_text
from agui_runtime.connectors.copilotkit.runtime_events import RuntimeEvents
from agui_runtime.connectors.shared.langchain import Reasoning, text_of, thoughts_of
from agui_runtime.connectors.shared.speech import Speech
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.secrets import redact

Line = Mapping[str, Json]


class GraphEvents:
    """Reads one agent's events. One text, one reasoning or one call is open at a time."""

    def __init__(self, runtime_events: RuntimeEvents) -> None:
        self._runtime_events = runtime_events
        self._message: str | None = None
        self._speech = Speech()
        self._reasoning = Reasoning(self._speech)
        self._call: str | None = None
        self._calls: dict[tuple[str | None, object], str] = {}

    def read(self, line: Line) -> Sequence[Event]:
        """The events that a line stands for; none for the graph's inner workings."""
        read = _READ.get(str(line.get("event")))
        return list(read(self, line)) if read else ()

    def _streamed(self, line: Line) -> Iterator[Event]:
        chunk = _chunk(line)
        self._message = chunk.get("id") or self._message
        about = line.get("metadata") or {}
        pieces = chunk.get("tool_call_chunks") or ()
        if pieces:
            yield from self._calling(pieces, about.get("copilotkit:emit-tool-calls", True))
        elif about.get("copilotkit:emit-messages", True):
            yield from self._saying(chunk)
        if (chunk.get("response_metadata") or {}).get("finish_reason"):
            yield from self._closed()

    def _saying(self, chunk: Mapping[str, Json]) -> Iterator[Event]:
        if self._message is None:
            return
        thoughts, text = thoughts_of(chunk), text_of(chunk.get("content"))
        if self._call is not None and (text or any(thought.text for thought in thoughts)):
            yield from self._closed()
        for thought in thoughts:
            yield from self._reasoning.say(self._message, thought)
        yield from self._speech.say("text", self._message, text)

    def _calling(self, pieces: Sequence[Line], shown: object) -> Iterator[Event]:
        for piece in pieces:
            slot = (self._message, piece.get("index"))
            if piece.get("name") and piece.get("id"):
                yield from self._closed()
                self._calls[slot] = piece["id"]
                if _is_shown(piece["name"], shown):
                    self._call = piece["id"]
                    yield _call_start(piece, self._message)
            if piece.get("args") and self._call is not None and self._call == self._calls.get(slot):
                ids = {"toolCallId": self._call}
                yield {"type": "TOOL_CALL_ARGS", **ids, "delta": as_text(piece["args"])}

    def _closed(self, line: Line | None = None) -> Iterator[Event]:
        yield from self._speech.close()
        if self._call is not None:
            yield {"type": "TOOL_CALL_END", "toolCallId": self._call}
        self._call = None

    def _synced(self, line: Line) -> Iterator[Event]:
        about = {
            "nodeName": line.get("node_name"),
            "runId": line.get("run_id"),
            "active": line.get("active"),
            "running": line.get("running"),
        }
        yield self._runtime_events.state(about, line.get("state"))

    def _interrupted(self, line: Line) -> Iterator[Event]:
        yield {"type": "CUSTOM", "name": "on_interrupt", "value": line.get("value")}

    def _interrupted_with_messages(self, line: Line) -> Iterator[Event]:
        name = "CopilotKitLangGraphInterruptEvent"
        yield {"type": "CUSTOM", "name": name, "value": line.get("data")}

    def _failed(self, line: Line) -> Iterator[Event]:
        data = line.get("data") or {}
        error = data.get("error") or {}
        description = (
            f"{error.get('type') or 'Error'}: {error.get('message') or 'the agent failed'}"
        )
        about: JsonObject = {"errorType": str(error.get("type") or "Error")}
        if (status := _status(error.get("status_code"))) is not None:
            about["status"] = status
        yield {
            "type": "RUN_ERROR",
            "message": redact(description),
            "code": "AGENT_ERROR",
            "metadata": about,
        }

    def _custom(self, line: Line) -> Iterator[Event]:
        emit = _EMITTED.get(str(line.get("name")))
        data = line.get("data")
        if emit is None:
            yield {"type": "CUSTOM", "name": str(line.get("name")), "value": data}
        elif isinstance(data, dict):
            yield from emit(data)


def _status(value: object) -> int | None:
    """An HTTP status; the SDK takes it from whatever exception there was."""
    text = str(value)
    return int(text) if len(text) == 3 and text.isascii() and text.isdigit() else None


def _chunk(line: Line) -> Mapping[str, Json]:
    chunk = (line.get("data") or {}).get("chunk") or {}
    inner = chunk.get("kwargs") or chunk
    return inner if isinstance(inner, dict) else {}


def _is_shown(name: str, shown: object) -> bool:
    """`copilotkit:emit-tool-calls` says yes or no, or names the tools whose calls are shown."""
    if isinstance(shown, bool):
        return shown
    return name in shown if isinstance(shown, list) else name == shown


def _call_start(piece: Line, parent: str | None) -> Event:
    named = {"parentMessageId": parent} if parent else {}
    ids = {"toolCallId": piece["id"], "toolCallName": piece["name"]}
    return {"type": "TOOL_CALL_START", **ids, **named}


def _emitted_message(data: Line) -> Iterator[Event]:
    ids = {"messageId": data.get("message_id")}
    yield {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
    yield {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": as_text(data.get("message") or "")}
    yield {"type": "TEXT_MESSAGE_END", **ids}


def _emitted_call(data: Line) -> Iterator[Event]:
    ids = {"toolCallId": data.get("id")}
    yield {"type": "TOOL_CALL_START", **ids, "toolCallName": data.get("name")}
    yield {"type": "TOOL_CALL_ARGS", **ids, "delta": as_text(data.get("args") or {})}
    yield {"type": "TOOL_CALL_END", **ids}


def _nothing(data: Line) -> Iterator[Event]:
    """The SDK has made a state event of it already."""
    return iter(())


_EMITTED: dict[str, Callable[[Line], Iterator[Event]]] = {
    "copilotkit_manually_emit_message": _emitted_message,
    "copilotkit_manually_emit_tool_call": _emitted_call,
    "copilotkit_manually_emit_intermediate_state": _nothing,
    "copilotkit_exit": _nothing,
}

_READ: dict[str, Callable[[GraphEvents, Line], Iterator[Event]]] = {
    "on_chat_model_stream": GraphEvents._streamed,
    "on_chat_model_end": GraphEvents._closed,
    "on_copilotkit_state_sync": GraphEvents._synced,
    "on_copilotkit_error": GraphEvents._failed,
    "on_copilotkit_interrupt": GraphEvents._interrupted_with_messages,
    "on_custom_event": GraphEvents._custom,
    "on_interrupt": GraphEvents._interrupted,
}
