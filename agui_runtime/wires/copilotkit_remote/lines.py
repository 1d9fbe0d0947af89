"""AG-UI events as CopilotKit's runtime events, as a remote endpoint sends them. Pure.

What of AG-UI has no counterpart there (reasoning, activities, raw events) is left out, but for
blocks with a text that stands for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from agui_runtime.connectors.copilotkit.messages import as_text, to_legacy
from agui_runtime.core import jsontext
from agui_runtime.core.block_activities import text_events
from agui_runtime.core.events import Event, RunInfo, routed
from agui_runtime.core.fold import Fold
from agui_runtime.core.message_parts import in_words

Line = dict[str, Any]


class LineEncoder:
    """One run's events, fed in their order, as lines."""

    def __init__(self, run: RunInfo) -> None:
        self._run = run
        self._fold = Fold()
        self._node = ""
        self._names: dict[str, str] = {}
        self._has_state = self._has_messages = self._has_interrupted = False

    def lines(self, event: Event) -> Iterator[Line]:
        """The lines for this event; none for a RUN_ERROR, which has no form there."""
        self._fold.feed(event)
        encode = _ENCODERS.get(event["type"])
        return encode(self, event) if encode else iter(())

    def _text_started(self, event: Event) -> Iterator[Line]:
        yield {"type": "TextMessageStart", "messageId": event["messageId"]}

    def _text_content(self, event: Event) -> Iterator[Line]:
        ids = {"messageId": event["messageId"]}
        yield {"type": "TextMessageContent", **ids, "content": event["delta"]}

    def _text_ended(self, event: Event) -> Iterator[Line]:
        yield {"type": "TextMessageEnd", "messageId": event["messageId"]}

    def _call_started(self, event: Event) -> Iterator[Line]:
        self._names[event["toolCallId"]] = event["toolCallName"]
        parent = event.get("parentMessageId")
        yield {
            "type": "ActionExecutionStart",
            "actionExecutionId": event["toolCallId"],
            "actionName": event["toolCallName"],
            **({"parentMessageId": parent} if parent else {}),
        }

    def _call_arguments(self, event: Event) -> Iterator[Line]:
        ids = {"actionExecutionId": event["toolCallId"]}
        yield {"type": "ActionExecutionArgs", **ids, "args": event["delta"]}

    def _call_ended(self, event: Event) -> Iterator[Line]:
        yield {"type": "ActionExecutionEnd", "actionExecutionId": event["toolCallId"]}

    def _call_answered(self, event: Event) -> Iterator[Line]:
        call = event["toolCallId"]
        name = self._names.get(call, "unknown")
        ids = {"actionExecutionId": call, "actionName": name}
        yield {"type": "ActionExecutionResult", **ids, "result": in_words(event["content"])}

    def _step_started(self, event: Event) -> Iterator[Line]:
        self._node = event["stepName"]
        yield self._state(at_work=True)

    def _state_changed(self, event: Event) -> Iterator[Line]:
        yield self._state(at_work=True)

    def _messages_stated(self, event: Event) -> Iterator[Line]:
        self._has_messages = True
        return iter(())

    def _activity(self, event: Event) -> Iterator[Line]:
        for each in text_events(event):
            yield from _ENCODERS[each["type"]](self, each)

    def _custom(self, event: Event) -> Iterator[Line]:
        if event["name"] == "on_interrupt":
            self._has_interrupted = True
            name = "LangGraphInterruptEvent"
            yield {"type": "MetaEvent", "name": name, "value": as_text(event.get("value"))}
        elif event["name"] == "CopilotKitLangGraphInterruptEvent":
            self._has_interrupted = True
            yield {"type": "MetaEvent", "name": event["name"], "data": event.get("value")}
        elif chosen := routed(event):
            self._node = chosen["agent"]

    def _finished(self, event: Event) -> Iterator[Line]:
        interrupts = (event.get("outcome") or {}).get("interrupts") or []
        if interrupts and not self._has_interrupted:
            value = as_text(interrupts[0] if len(interrupts) == 1 else interrupts)
            yield {"type": "MetaEvent", "name": "LangGraphInterruptEvent", "value": value}
        if self._has_state or self._has_messages:
            self._node = "__end__"
            yield self._state(at_work=False)

    def _state(self, *, at_work: bool) -> Line:
        """A 1.10 page takes the messages in an agent's last state for its chat."""
        self._has_state = True
        state = self._fold.state if isinstance(self._fold.state, dict) else {}
        if self._has_messages and not at_work:
            state = state | {"messages": to_legacy(self._fold.messages)}
        return {
            "type": "AgentStateMessage",
            "threadId": self._run.thread_id,
            "agentName": self._run.agent,
            "nodeName": self._node,
            "runId": self._run.run_id,
            "active": at_work,
            "running": at_work,
            "role": "assistant",
            "state": jsontext.dumps(state).decode(),
        }


_ENCODERS: dict[str, Callable[[LineEncoder, Event], Iterator[Line]]] = {
    "TEXT_MESSAGE_START": LineEncoder._text_started,
    "TEXT_MESSAGE_CONTENT": LineEncoder._text_content,
    "TEXT_MESSAGE_END": LineEncoder._text_ended,
    "TOOL_CALL_START": LineEncoder._call_started,
    "TOOL_CALL_ARGS": LineEncoder._call_arguments,
    "TOOL_CALL_END": LineEncoder._call_ended,
    "TOOL_CALL_RESULT": LineEncoder._call_answered,
    "STEP_STARTED": LineEncoder._step_started,
    "STATE_SNAPSHOT": LineEncoder._state_changed,
    "STATE_DELTA": LineEncoder._state_changed,
    "MESSAGES_SNAPSHOT": LineEncoder._messages_stated,
    "ACTIVITY_SNAPSHOT": LineEncoder._activity,
    "CUSTOM": LineEncoder._custom,
    "RUN_FINISHED": LineEncoder._finished,
}
