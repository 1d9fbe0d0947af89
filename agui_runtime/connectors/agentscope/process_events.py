"""Turns the frames of agentscope-runtime's `/process` into AG-UI events. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ag_ui.core import RunAgentInput

from agui_runtime.connectors.agentscope.media import activity, part
from agui_runtime.connectors.shared.speech import Kind, Speech
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.message_parts import USUAL_TYPES

logger = logger_of(__name__)

_KINDS: Mapping[str, Kind] = {"message": "text", "reasoning": "reasoning"}
_CALLS = frozenset({"plugin_call", "function_call", "mcp_call", "component_call"})
_RESULTS = frozenset({f"{call}_output" for call in _CALLS})


class ProcessTranslator:
    """The events of one response."""

    def __init__(self, request: RunAgentInput) -> None:
        self._run = {"threadId": request.thread_id, "runId": request.run_id}
        self._speech = Speech()
        self._kinds: dict[str, str] = {}
        self._streamed: set[str] = set()
        self._is_over = False

    def feed(self, frame: Mapping[str, Json]) -> Iterable[Event]:
        """The events for the next frame; raises AgentFailure for one that says that it failed."""
        if frame.get("status") == "failed" or ("error" in frame and "object" not in frame):
            logger.warning("agentscope-runtime reports: %.500s", frame.get("error"))
            raise AgentFailure("the agent failed; its server's log says why")
        tell = _TELL.get((str(frame.get("object")), str(frame.get("status"))))
        return tell(self, frame) if tell else ()

    def end(self) -> list[Event]:
        """The run's last events; raises AgentFailure for a response that was cut off."""
        if not self._is_over:
            raise AgentFailure("the agent's answer broke off; try again")
        return [*self._speech.close(), {"type": "RUN_FINISHED", **self._run}]

    def _message_started(self, frame: Mapping[str, Json]) -> Iterable[Event]:
        self._kinds[str(frame.get("id"))] = str(frame.get("type"))
        return ()

    def _content_came(self, frame: Mapping[str, Json]) -> Iterable[Event]:
        """Pieces of a text; of all else there are only wholes."""
        message = str(frame.get("msg_id"))
        if frame.get("type") != "text" or not frame.get("delta"):
            return ()
        self._streamed.add(message)
        return self._text(message, str(frame.get("text") or ""))

    def _message_ended(self, frame: Mapping[str, Json]) -> Iterable[Event]:
        message = str(frame.get("id"))
        kind = self._kinds.setdefault(message, str(frame.get("type")))
        for place, content in enumerate(frame.get("content") or ()):
            if kind in _CALLS | _RESULTS:
                yield from self._tool(kind, content.get("data") or {})
            elif content.get("type") != "text":
                yield from activity(f"{message}-{place}", content)
            elif message not in self._streamed:
                yield from self._text(message, str(content.get("text") or ""))
        yield from self._speech.close()

    def _text(self, message: str, text: str) -> list[Event]:
        kind = _KINDS.get(self._kinds.get(message, "message"))
        return self._speech.say(kind, message, text) if kind else []

    def _tool(self, kind: str, data: Mapping[str, Json]) -> Iterable[Event]:
        yield from self._speech.close()
        call = {"toolCallId": str(data.get("call_id"))}
        if kind in _RESULTS:
            ids = {"messageId": f"result-{call['toolCallId']}", **call, "role": "tool"}
            yield {"type": "TOOL_CALL_RESULT", **ids, "content": _output(data.get("output"))}
            return
        yield {"type": "TOOL_CALL_START", **call, "toolCallName": str(data.get("name"))}
        if arguments := data.get("arguments"):
            yield {"type": "TOOL_CALL_ARGS", **call, "delta": _as_text(arguments)}
        yield {"type": "TOOL_CALL_END", **call}

    def _response_ended(self, frame: Mapping[str, Json]) -> Iterable[Event]:
        self._is_over = True
        return ()


_TELL: Mapping[
    tuple[str, str], Callable[[ProcessTranslator, Mapping[str, Json]], Iterable[Event]]
] = {
    ("message", "in_progress"): ProcessTranslator._message_started,
    ("content", "in_progress"): ProcessTranslator._content_came,
    ("message", "completed"): ProcessTranslator._message_ended,
    ("response", "completed"): ProcessTranslator._response_ended,
}


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else jsontext.dumps(value).decode()


def _output(output: Json) -> str | list[JsonObject]:
    """A tool's blocks, which come as JSON in a text: one text, or parts if there is more than that;
    whatever else it is as it is.
    """
    text = _as_text("" if output is None else output)
    try:
        blocks = jsontext.loads(text)
    except ValueError:
        return text
    parts = [_part(each) for each in blocks] if isinstance(blocks, list) else [None]
    found = [each for each in parts if each is not None]
    if len(found) < len(parts):
        return text
    if all(each["type"] == "text" for each in found):
        return "".join(each["text"] for each in found)
    return found


def _part(block: Json) -> JsonObject | None:
    """Of AG-UI; None for what is no block of AgentScope 1."""
    given: JsonObject = block if isinstance(block, dict) else {}
    if given.get("type") == "text" and isinstance(given.get("text"), str):
        return {"type": "text", "text": given["text"]}
    source = given.get("source")
    if given.get("type") not in USUAL_TYPES or not isinstance(source, dict):
        return None
    kind = str(source.get("media_type") or USUAL_TYPES[given["type"]])
    data, url = source.get("data"), source.get("url")
    return part(kind, data, url) if isinstance(data or url, str) else None
