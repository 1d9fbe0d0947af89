"""Folds a run's records into the response document that the front end merges together. Pure.

It knows nothing of operations and parts: `incremental` delivers the document. What of AG-UI has no
counterpart in CopilotKit 1.10 (reasoning, activities, raw events) is left out, but for blocks with
a text that stands for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import groupby
from operator import attrgetter, itemgetter

from agui_runtime.agents.delegates import DELEGATE, SUBAGENT_STATE
from agui_runtime.core.block_activities import text_events
from agui_runtime.core.errors import AguiError, GuardrailDenied, GuardrailFailure
from agui_runtime.core.events import TERMINAL, Event, Record, RunInfo
from agui_runtime.core.message_parts import in_words
from agui_runtime.wires.graphql.answer.agent_state import AgentStateView
from agui_runtime.wires.graphql.answer.interrupts import meta_event, unannounced
from agui_runtime.wires.graphql.answer.releases import FAILURE_ID, FrontEnd
from agui_runtime.wires.graphql.nouns.enums import FailedResponseStatusReason
from agui_runtime.wires.graphql.nouns.errors import failure_details
from agui_runtime.wires.graphql.nouns.scalars import JSON, DateTimeISO, now
from agui_runtime.wires.graphql.nouns.types import (
    ActionExecutionMessageOutput,
    AgentStateMessageOutput,
    BaseMessageOutput,
    BaseMetaEvent,
    CopilotResponse,
    FailedMessageStatus,
    FailedResponseStatus,
    ResultMessageOutput,
    SuccessMessageStatus,
    SuccessResponseStatus,
    TextMessageOutput,
)

# The reference's texts; front ends show them.
TEXT_CUT = "Error streaming message content"
ARGUMENTS_CUT = "An unknown error has occurred in the action execution argument stream"


ANY_FRONT_END = FrontEnd()


def failed_status(event: Event) -> FailedResponseStatus:
    """The status for a RUN_ERROR; front ends show a guardrail's reason as the answer."""
    if event.get("code") == GuardrailDenied.code:
        return FailedResponseStatus(
            reason=FailedResponseStatusReason.GUARDRAILS_VALIDATION_FAILED,
            details=JSON({"guardrailsReason": event["message"]}),
        )
    return FailedResponseStatus(details=JSON(failure_details(event)))


def interruption(event: Event) -> str | None:
    """Why guardrails cut messages short, in the reference's words; None for other failures."""
    if event.get("code") == GuardrailDenied.code:
        return f"Interrupted due to Guardrails validation failure. Reason: {event['message']}"
    if event.get("code") == GuardrailFailure.code:
        return "Interrupted due to unknown error in guardrails validation"
    return None


class Projector:
    """One run's response. Feed it the run's records in order, in any batches; read `response`.

    The first response status wins. A message that was open when the run broke off gets a Failed
    status if the run failed, else Success: what a stopped run said is a valid, short answer.
    `front_end` is the one that asks, `clock` says when a message began.
    """

    def __init__(
        self,
        run: RunInfo,
        front_end: FrontEnd = ANY_FRONT_END,
        clock: Callable[[], DateTimeISO] = now,
    ) -> None:
        self._front_end = front_end
        self.response = CopilotResponse(thread_id=run.thread_id)
        self._clock = clock
        self._run = run
        self._state = AgentStateView(run, clock)
        self._delegates: dict[str, AgentStateView] = {}
        self._texts: dict[str, TextMessageOutput] = {}
        self._calls: dict[str, ActionExecutionMessageOutput] = {}
        self._meta_events: list[BaseMetaEvent] = []
        self.response.meta_events = self._meta_events

    def feed(self, records: Iterable[Record]) -> bool:
        """Take the next records; False if the document has gained nothing by them but pieces of
        texts and of arguments.
        """
        changed = False
        for kind, events in groupby(map(_EVENT, records), _TYPE):
            if kind == "TEXT_MESSAGE_CONTENT":  # nearly always
                for message_id, words in groupby(events, _MESSAGE_ID):
                    self._texts[message_id].content.extend(map(_DELTA, words))
            else:
                changed = any([self._apply(event) for event in events]) or changed
        return changed

    def fail(self, error: AguiError) -> None:
        """End the response, unless it has ended: the run's records cannot be read any further."""
        if not self.response.done:
            self._apply({"type": "RUN_ERROR", "message": error.message, "code": error.code})

    def _apply(self, event: Event) -> bool:
        apply = _APPLY.get(event["type"])
        if apply is not None:
            apply(self, event)
        state = self._state_changed(event)
        if state is not None:
            self._add(state)
        if event["type"] in TERMINAL:
            self.response.done = True
        return state is not None or apply not in _BRING_PIECES

    def _state_changed(self, event: Event) -> AgentStateMessageOutput | None:
        """What to show of a state after the event: a delegate's, or that of the run's own agent."""
        if self._delegates and (engaged := self._delegates.get(event.get("subagentRunId", ""))):
            return engaged.feed(_of_delegate(event))
        return self._state.feed(event)

    def _delegate_started(self, event: Event) -> None:
        if DELEGATE in event.get("metadata", ()):
            engaged = replace(self._run, agent=event["name"], run_id=event["subagentRunId"])
            self._delegates[engaged.run_id] = AgentStateView(engaged, self._clock)

    def _text_started(self, event: Event) -> None:
        text = TextMessageOutput(
            id=event["messageId"],
            created_at=self._clock(),
            parent_message_id=event.get("parentMessageId"),
        )
        self._texts[text.id] = text
        self.response.messages.append(text)

    def _text_content(self, event: Event) -> None:
        self._texts[event["messageId"]].content.append(event["delta"])

    def _text_ended(self, event: Event) -> None:
        if not _is_cut(event):
            self._texts[event["messageId"]].status = SuccessMessageStatus()

    def _call_started(self, event: Event) -> None:
        call = ActionExecutionMessageOutput(
            id=event["toolCallId"],
            created_at=self._clock(),
            name=event["toolCallName"],
            scope="client" if event["toolCallName"] in self._front_end.actions else "server",
            parent_message_id=event.get("parentMessageId"),
        )
        self._calls[call.id] = call
        self.response.messages.append(call)

    def _call_arguments(self, event: Event) -> None:
        self._calls[event["toolCallId"]].arguments.append(event["delta"])

    def _call_ended(self, event: Event) -> None:
        if not _is_cut(event):
            self._calls[event["toolCallId"]].status = SuccessMessageStatus()

    def _call_answered(self, event: Event) -> None:
        if _is_cut(event):
            return
        call = self._calls.get(event["toolCallId"])
        self._add(
            ResultMessageOutput(
                id=f"result-{event['toolCallId']}",
                created_at=self._clock(),
                action_execution_id=event["toolCallId"],
                action_name=call.name if call else "unknown",
                result=in_words(event["content"]),
            )
        )

    def _activity(self, event: Event) -> None:
        for each in text_events(event):
            self._apply(each)

    def _custom(self, event: Event) -> None:
        made = meta_event(event["name"], event.get("value"), self._clock())
        if made is not None:
            self._meta_events.append(made)

    def _finished(self, event: Event) -> None:
        interrupts = event.get("outcome", {}).get("interrupts")
        if interrupts and not self._meta_events:
            self._meta_events.append(unannounced(interrupts))
        self._decide(SuccessResponseStatus())

    def _failed(self, event: Event) -> None:
        if not self._front_end.has_banner and event.get("code") != GuardrailDenied.code:
            text = TextMessageOutput(
                id=f"{FAILURE_ID}{self._run.run_id}",
                created_at=self._clock(),
                content=[f"❌ {event['message']}"],
            )
            self._add(text)
        self._decide(failed_status(event), interruption(event))

    def _add(self, message: BaseMessageOutput) -> None:
        message.status = SuccessMessageStatus()
        self.response.messages.append(message)

    def _decide(
        self, status: SuccessResponseStatus | FailedResponseStatus, interruption: str | None = None
    ) -> None:
        failed = isinstance(status, FailedResponseStatus)
        for messages, usual in ((self._texts, TEXT_CUT), (self._calls, ARGUMENTS_CUT)):
            reason = interruption or usual
            for message in messages.values():
                if not message.knows("status"):
                    message.status = (
                        FailedMessageStatus(reason=reason) if failed else SuccessMessageStatus()
                    )
        if not self.response.knows("status"):
            self.response.status = status


_APPLY: dict[str, Callable[[Projector, Event], None]] = {
    "TEXT_MESSAGE_START": Projector._text_started,
    "TEXT_MESSAGE_CONTENT": Projector._text_content,
    "TEXT_MESSAGE_END": Projector._text_ended,
    "TOOL_CALL_START": Projector._call_started,
    "TOOL_CALL_ARGS": Projector._call_arguments,
    "TOOL_CALL_END": Projector._call_ended,
    "TOOL_CALL_RESULT": Projector._call_answered,
    "ACTIVITY_SNAPSHOT": Projector._activity,
    "CUSTOM": Projector._custom,
    "SUBAGENT_STARTED": Projector._delegate_started,
    "RUN_FINISHED": Projector._finished,
    "RUN_ERROR": Projector._failed,
}

_EVENT = attrgetter("event")
_TYPE, _MESSAGE_ID, _DELTA = map(itemgetter, ("type", "messageId", "delta"))

_BRING_PIECES = (None, Projector._text_content, Projector._call_arguments)


def _of_delegate(event: Event) -> Event:
    """The event as the delegate emitted it."""
    if event["type"] == "SUBAGENT_FINISHED":
        return {"type": "RUN_FINISHED"}
    if event["type"] == "CUSTOM" and event["name"] == SUBAGENT_STATE:
        return dict(event["value"])
    return event


def _is_cut(event: Event) -> bool:
    """The event was made to close what the agent left open; it is no end of the agent's own."""
    return "cut" in event.get("metadata", ())
