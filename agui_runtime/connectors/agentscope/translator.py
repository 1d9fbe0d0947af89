"""Turns the events of AgentScope's replies into AG-UI events. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from uuid import uuid4

from ag_ui.core import RunAgentInput
from agentscope.event import (
    AgentEvent,
    CustomEvent,
    DataBlockDeltaEvent,
    DataBlockEndEvent,
    DataBlockStartEvent,
    ModelCallEndEvent,
    ModelCallStartEvent,
    ReplyEndEvent,
    ReplyStartEvent,
    TextBlockDeltaEvent,
    TextBlockEndEvent,
    ThinkingBlockDeltaEvent,
    ThinkingBlockEndEvent,
    ToolCallDeltaEvent,
    ToolCallEndEvent,
    ToolCallStartEvent,
    ToolResultDataDeltaEvent,
    ToolResultEndEvent,
    ToolResultTextDeltaEvent,
)
from agentscope.message import TextBlock, ToolCallBlock, ToolResultBlock

from agui_runtime.connectors.agentscope.approvals import question
from agui_runtime.connectors.agentscope.media import MediaBlocks, block_part, part
from agui_runtime.connectors.shared.speech import Speech
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import Event

_REMINDER = re.compile(r"</?system-reminder>")

_COUNTS = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cachedInputTokens": "cache_input_tokens",
    "cacheWriteInputTokens": "cache_creation_input_tokens",
}


class AgentScopeTranslator:
    """The events of one run. `supplied` are the calls whose results the front end has already.

    `made` are the ids of what the run added to the conversation, without thoughts: messages,
    calls, and `answer:<call>` for results. `usage` is what its models reported of tokens.
    """

    def __init__(self, request: RunAgentInput, supplied: Collection[str]) -> None:
        self.made: list[str] = []
        self._run = {"threadId": request.thread_id, "runId": request.run_id}
        self._supplied = supplied
        self._speech = Speech()
        self._parent: str | None = None
        self._model = ""
        self.usage: list[Event] = []
        self._results: defaultdict[str, list[Event]] = defaultdict(list)
        self._media = MediaBlocks()
        self._ended: ReplyEndEvent | None = None

    def feed(self, event: AgentEvent) -> list[Event]:
        """The AG-UI events for one of AgentScope's; none for hints to the model."""
        tell = _TELL.get(event.type)
        return list(tell(self, event)) if tell else []

    def end(self, awaiting: Iterable[ToolCallBlock], reply: str) -> list[Event]:
        """The run's last events; `awaiting` are that reply's calls that need somebody outside.

        Raises AgentFailure if the reply ended with an error.
        """
        if failure := self._failure():
            failure.usage = self.usage
            raise failure
        reason = self._ended.finished_reason if self._ended is not None else ""
        finished = {"type": "RUN_FINISHED", **self._run, **_outcome(reason, awaiting, reply)}
        usage = {"usage": self.usage} if self.usage else {}
        return [*self._speech.close(), {**finished, **usage}]

    def _failure(self) -> AgentFailure | None:
        if self._ended is None:
            return None
        if self._ended.error is not None:
            return AgentFailure(self._ended.error.message)
        if self._ended.finished_reason == "exceed_max_iters":
            return AgentFailure("the agent has used up its number of steps", "MAX_ITERATIONS")
        return None

    # Model calls

    def _model_called(self, event: ModelCallStartEvent) -> Iterable[Event]:
        self._parent = None
        self._model = event.model_name
        return ()

    def _model_answered(self, event: ModelCallEndEvent) -> Iterable[Event]:
        counts = {name: getattr(event, field) for name, field in _COUNTS.items()}
        counts = {name: count for name, count in counts.items() if count}
        if counts:
            total = event.input_tokens + event.output_tokens
            self.usage.append({"model": self._model, **counts, "totalTokens": total})
        return self._speech.close()

    def _text(self, event: TextBlockDeltaEvent) -> Iterable[Event]:
        events = self._speech.say("text", event.block_id, event.delta)
        if len(events) > 1:
            self.made.append(self._speech.spoken[-1])
            self._parent = self._parent or self.made[-1]
        return events

    def _thought(self, event: ThinkingBlockDeltaEvent) -> Iterable[Event]:
        return self._speech.say("reasoning", event.block_id, event.delta)

    def _silent(self, event: TextBlockEndEvent | ThinkingBlockEndEvent) -> Iterable[Event]:
        return self._speech.close()

    # Tools

    def _call_started(self, event: ToolCallStartEvent) -> Iterable[Event]:
        yield from self._speech.close()
        self._parent = self._parent or uuid4().hex
        self.made += [self._parent, event.tool_call_id]
        ids = {"toolCallId": event.tool_call_id, "parentMessageId": self._parent}
        yield {"type": "TOOL_CALL_START", "toolCallName": event.tool_call_name, **ids}

    def _call_arguments(self, event: ToolCallDeltaEvent) -> Iterable[Event]:
        if event.delta:
            yield {
                "type": "TOOL_CALL_ARGS",
                "toolCallId": event.tool_call_id,
                "delta": event.delta,
            }

    def _call_ended(self, event: ToolCallEndEvent) -> Iterable[Event]:
        yield {"type": "TOOL_CALL_END", "toolCallId": event.tool_call_id}

    def _result_text(self, event: ToolResultTextDeltaEvent) -> Iterable[Event]:
        self._results[event.tool_call_id].append({"type": "text", "text": event.delta})
        return ()

    def result(self, block: ToolResultBlock) -> list[Event]:
        """The events for a result that came whole."""
        output = [TextBlock(text=block.output)] if isinstance(block.output, str) else block.output
        self._results[block.id] = [block_part(each) for each in output]
        ids = {"reply_id": "", "tool_call_id": block.id, "state": block.state}
        return list(self._result_ended(ToolResultEndEvent(**ids)))

    def _result_media(self, event: ToolResultDataDeltaEvent) -> Iterable[Event]:
        self._results[event.tool_call_id].append(part(event.media_type, event.data, event.url))
        return ()

    def _result_ended(self, event: ToolResultEndEvent) -> Iterable[Event]:
        call = event.tool_call_id
        parts = self._results.pop(call, [])
        if call in self._supplied:
            return
        self.made += [f"result-{call}", f"answer:{call}"]
        ids = {"messageId": f"result-{call}", "toolCallId": call, "role": "tool"}
        state = {} if event.state == "success" else {"metadata": {"state": str(event.state)}}
        yield {"type": "TOOL_CALL_RESULT", **ids, "content": _content(parts), **state}

    # The rest

    def _media_started(self, event: DataBlockStartEvent) -> Iterable[Event]:
        self._media.start(event)
        return ()

    def _media_came(self, event: DataBlockDeltaEvent) -> Iterable[Event]:
        self._media.add(event)
        return ()

    def _media_ended(self, event: DataBlockEndEvent) -> Iterable[Event]:
        return self._media.end(event)

    def _custom(self, event: CustomEvent) -> Iterable[Event]:
        yield {"type": "CUSTOM", "name": event.name, "value": event.value}

    def _reply_ended(self, event: ReplyEndEvent) -> Iterable[Event]:
        self._ended = event
        return ()

    def _reply_started(self, event: ReplyStartEvent) -> Iterable[Event]:
        self._ended = None
        return ()


_TELL: dict[str, Callable[[AgentScopeTranslator, AgentEvent], Iterable[Event]]] = {
    "REPLY_START": AgentScopeTranslator._reply_started,
    "REPLY_END": AgentScopeTranslator._reply_ended,
    "MODEL_CALL_START": AgentScopeTranslator._model_called,
    "MODEL_CALL_END": AgentScopeTranslator._model_answered,
    "TEXT_BLOCK_DELTA": AgentScopeTranslator._text,
    "TEXT_BLOCK_END": AgentScopeTranslator._silent,
    "THINKING_BLOCK_DELTA": AgentScopeTranslator._thought,
    "THINKING_BLOCK_END": AgentScopeTranslator._silent,
    "TOOL_CALL_START": AgentScopeTranslator._call_started,
    "TOOL_CALL_DELTA": AgentScopeTranslator._call_arguments,
    "TOOL_CALL_END": AgentScopeTranslator._call_ended,
    "TOOL_RESULT_TEXT_DELTA": AgentScopeTranslator._result_text,
    "TOOL_RESULT_DATA_DELTA": AgentScopeTranslator._result_media,
    "TOOL_RESULT_END": AgentScopeTranslator._result_ended,
    "DATA_BLOCK_START": AgentScopeTranslator._media_started,
    "DATA_BLOCK_DELTA": AgentScopeTranslator._media_came,
    "DATA_BLOCK_END": AgentScopeTranslator._media_ended,
    "CUSTOM": AgentScopeTranslator._custom,
}


def _outcome(reason: str, awaiting: Iterable[ToolCallBlock], reply: str) -> Event:
    if reason == "interrupted":
        return {"outcome": {"type": "cancelled"}}
    calls = list(awaiting)
    asking = [question(call, reply) for call in calls if call.state == "asking"]
    if asking:
        return {"outcome": {"type": "interrupt", "interrupts": asking}}
    if calls:
        return {"outcome": {"type": "success", "pendingToolCallIds": [each.id for each in calls]}}
    return {}


def _content(parts: list[Event]) -> str | list[Event]:
    if any(part["type"] != "text" for part in parts):
        return parts
    return _REMINDER.sub("", "".join(part["text"] for part in parts))
