"""The legal order of one run's events: what each opens, needs or closes, what an end closes first.

It only counts what is open: it builds no messages (see `fold`), and neither starts nor ends a run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Literal, NamedTuple, TypeAlias

import orjson

from agui_runtime.core.distinct_ids import DistinctIds
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import TERMINAL, Event, Message
from agui_runtime.core.stretches import FEW, Stretch

Reason: TypeAlias = Literal["stopped", "error"]
"""Why a run was cut: somebody stopped it, or it failed."""

_Key: TypeAlias = tuple[str, Hashable]


class _Rule(NamedTuple):
    """What an event type does (`opens`, `continues`, `closes`) to the entity that `field` names."""

    verb: str
    entity: str
    field: str


# AG-UI 1.0, rules of order. A step's name identifies it only within the (sub)agent that runs it.
_RULES = {
    "TEXT_MESSAGE_START": _Rule("opens", "text", "messageId"),
    "TEXT_MESSAGE_CONTENT": _Rule("continues", "text", "messageId"),
    "TEXT_MESSAGE_END": _Rule("closes", "text", "messageId"),
    "TOOL_CALL_START": _Rule("opens", "call", "toolCallId"),
    "TOOL_CALL_ARGS": _Rule("continues", "call", "toolCallId"),
    "TOOL_CALL_END": _Rule("closes", "call", "toolCallId"),
    "REASONING_START": _Rule("opens", "span", "messageId"),
    "REASONING_END": _Rule("closes", "span", "messageId"),
    "REASONING_MESSAGE_START": _Rule("opens", "reasoning", "messageId"),
    "REASONING_MESSAGE_CONTENT": _Rule("continues", "reasoning", "messageId"),
    "REASONING_MESSAGE_END": _Rule("closes", "reasoning", "messageId"),
    "STEP_STARTED": _Rule("opens", "step", "stepName"),
    "STEP_FINISHED": _Rule("closes", "step", "stepName"),
    "SUBAGENT_STARTED": _Rule("opens", "subagent", "subagentRunId"),
    "SUBAGENT_ERROR": _Rule("closes", "subagent", "subagentRunId"),
    # Last, so that it is the one that `_CLOSER` names.
    "SUBAGENT_FINISHED": _Rule("closes", "subagent", "subagentRunId"),
}
_OPENER = {rule.entity: kind for kind, rule in _RULES.items() if rule.verb == "opens"}
_CLOSER = {rule.entity: kind for kind, rule in _RULES.items() if rule.verb == "closes"}
_CONTINUES = {
    kind: (rule.entity, rule.field) for kind, rule in _RULES.items() if rule.verb == "continues"
}
CONTINUING = frozenset(_CONTINUES)
"""The kinds of events that are nearly all of a stream: more of what is open."""

# Whatever belongs to a (sub)agent has an id within its namespace, for all of the run.
_NAMESPACE = {"text": "message", "call": "call", "span": "reasoning", "reasoning": "reasoning"}
_NAMESPACE_OF_ROLE = {"reasoning": "reasoning", "activity": "activity"}

# The wording of CopilotKit's own runtime.
_CUT_RESULTS = {
    "stopped": {
        "status": "stopped",
        "reason": "stop_requested",
        "message": "Run stopped by user",
    },
    "error": {
        "status": "error",
        "reason": "missing_terminal_event",
        "message": "Run ended without emitting a terminal event",
    },
}


class Grammar:
    """Turns what one run's agents emit into events that every AG-UI verifier accepts.

    Feed it events in full spelling (see `shorthand`), all but the run's own RUN_STARTED, whose
    messages are the `history`. It enforces the order that the AG-UI 1.0 client verifies. `ended` is
    set once a terminal event was accepted, `announced` once an agent emitted a RUN_STARTED.
    """

    def __init__(self, history: Iterable[Message] = ()) -> None:
        self.ended = False
        self.announced = False
        self._distinct = DistinctIds()  # of all agents that have a part in the run
        self._open: dict[_Key, Event] = {}
        self._owners = _Owners()
        self._owners.restate(history)
        self._subagents: set[str] = set()
        self._calls: dict[str, Event] = {}
        self._answered: set[str] = set()

    def know(self, messages: Callable[[], Iterable[Message]]) -> None:
        """Those of the thread, when it matters: no result gets the id of one of them."""
        self._distinct.know(messages)

    @property
    def opened(self) -> list[Event]:
        """The openers of all that is open now, in order."""
        return list(self._open.values())

    def accept(self, event: Event) -> Sequence[Event]:
        """The legal events that stand for this one, in order; none if it has no place in the log.

        Dropped are an agent's RUN_STARTED, because the run writes its own, and everything after a
        terminal event. A terminal event comes with the closers of all that is open. Raises
        ProtocolFailure, naming the event and the rule, for an opener of what is open, for content
        or an end of what is not, and for a `subagentRunId` that contradicts the opener's.
        """
        if event["type"] in CONTINUING and self.continuing((event,)):
            return (event,)
        if event["type"] == "RUN_STARTED":
            self.announced = True
        if self.ended or event["type"] == "RUN_STARTED":
            return ()
        if event["type"] in TERMINAL:
            return self._finished(event)
        event = self._distinct.apply(event)
        self._check(event)
        return (event,)

    def continuing(self, events: Sequence[Event]) -> Sequence[Event]:
        """The first events, as many as are more of what is open, to which there is no more to say:
        `accept` would return them as they are.
        """
        if len(events) > FEW and (stretch := Stretch.leading(events)):
            return stretch if self.continuing((stretch.joined,)) else ()
        for count, event in enumerate(events):
            continues = _CONTINUES.get(event["type"])
            if continues is None or "subagentRunId" in event:
                return events[:count]
            entity, field = continues
            if (entity, event.get(field)) not in self._open:
                return events[:count]
        return events

    def closers(self, reason: Reason | None = None) -> list[Event]:
        """The events that close all that is open, last opened first; they count as emitted.

        With a reason they are followed by a result for every call of this run that has none,
        whether its arguments were cut or it waited for an answer: after a stop or a failure nobody
        will answer it, and CopilotKit's runtime says the same. Without a reason, calls keep
        waiting: the front end answers its own tools in the next run. What a reason made says so in
        its `metadata`: `{"cut": reason}`; it is no end or answer of the agent's own.
        """
        ends = [_end(entity, start, reason) for (entity, _), start in self._open.items()]
        ends.reverse()
        self._open.clear()
        if reason is None:
            return ends
        results = [_cut_result(start, reason) for start in self._calls.values()]
        self._calls.clear()
        return ends + results

    def _finished(self, event: Event) -> list[Event]:
        reason: Reason | None = None
        if event["type"] == "RUN_ERROR":
            reason = "error"
        elif event.get("outcome", {}).get("type") == "cancelled":
            reason = "stopped"
        closers = self.closers(reason)
        self.ended = True
        return [*closers, event]

    def _check(self, event: Event) -> None:
        rule = _RULES.get(event["type"])
        if rule is None:
            self._check_unpaired(event)
        elif rule.verb == "opens":
            self._check_opener(event, rule)
        else:
            self._check_sequel(event, rule)

    def _check_opener(self, event: Event, rule: _Rule) -> None:
        key = _key(event, rule)
        if key in self._open:
            raise _refused(event, rule.field, f"it is open; {_CLOSER[rule.entity]} must come first")
        if rule.entity == "subagent":
            self._check_subagent(event)
        elif rule.entity in _NAMESPACE:
            self._owners.claim(event, _NAMESPACE[rule.entity], rule.field)
        if rule.entity == "call" and event["toolCallId"] not in self._answered:
            self._calls[event["toolCallId"]] = event
        self._open[key] = event

    def _check_sequel(self, event: Event, rule: _Rule) -> None:
        key = _key(event, rule)
        if key not in self._open:
            raise _refused(event, rule.field, f"no {_OPENER[rule.entity]} has opened it")
        if rule.entity in _NAMESPACE:
            self._owners.agree(event, _NAMESPACE[rule.entity], rule.field)
        if rule.verb == "closes":
            del self._open[key]

    def _check_subagent(self, event: Event) -> None:
        parent = event.get("parentSubagentRunId")
        if event["subagentRunId"] in self._subagents:
            raise _refused(event, "subagentRunId", "a run uses the id of an invocation only once")
        if parent is not None and parent not in self._subagents:
            raise _refused(event, "parentSubagentRunId", "this run has not started such a subagent")
        self._subagents.add(event["subagentRunId"])

    def _check_unpaired(self, event: Event) -> None:
        match event["type"]:
            case "TOOL_CALL_RESULT":
                self._answered.add(event["toolCallId"])
                self._calls.pop(event["toolCallId"], None)
                self._owners.mint(event, "message")
            case "ACTIVITY_SNAPSHOT":
                self._owners.mint(event, "activity")
            case "ACTIVITY_DELTA":
                self._owners.agree(event, "activity", "messageId")
            case "REASONING_ENCRYPTED_VALUE" if event["subtype"] == "tool-call":
                self._owners.agree(event, "call", "entityId")
            case "REASONING_ENCRYPTED_VALUE":
                self._owners.agree(event, "message", "entityId")
                self._owners.agree(event, "reasoning", "entityId")
            case "MESSAGES_SNAPSHOT":
                self._owners.restate(event["messages"])


class _Owners:
    """Which (sub)agent each message, call and activity belongs to; None is the main agent.

    An event that names no subagent never contradicts the owner.
    """

    def __init__(self) -> None:
        self._of: dict[tuple[str, str], str | None] = {}

    def claim(self, event: Event, namespace: str, field: str) -> None:
        """The first opener makes its agent the owner; a call belongs to its parent message's."""
        claims = [event["subagentRunId"]] if "subagentRunId" in event else []
        parent = event.get("parentMessageId")
        if parent is not None and ("message", parent) in self._of:
            claims.append(self._of["message", parent])
        owner = self._of.setdefault((namespace, event[field]), claims[0] if claims else None)
        for claim in claims:
            if claim != owner:
                raise _disowned(event, field, owner)

    def agree(self, event: Event, namespace: str, field: str) -> None:
        """A later event names the owner or nobody."""
        tag = event.get("subagentRunId")
        owner = self._of.get((namespace, event[field]), tag)
        if tag is not None and tag != owner:
            raise _disowned(event, field, owner)

    def mint(self, event: Event, namespace: str) -> None:
        """An event that makes a whole message makes its agent the owner, also of an old id."""
        thing = (namespace, event["messageId"])
        if event.get("replace", True) or thing not in self._of:
            self._of[thing] = event.get("subagentRunId")

    def restate(self, messages: Iterable[Message]) -> None:
        """Whole messages name their owner, whoever it was before."""
        for message in messages:
            owner = message.get("subagentRunId")
            namespace = _NAMESPACE_OF_ROLE.get(message["role"], "message")
            self._of[namespace, message["id"]] = owner
            for call in message.get("toolCalls") or ():
                self._of["call", call["id"]] = owner


def _key(event: Event, rule: _Rule) -> _Key:
    if rule.entity == "step":
        return rule.entity, (event.get("subagentRunId"), event[rule.field])
    return rule.entity, event.get(rule.field)


def _end(entity: str, start: Event, reason: Reason | None) -> Event:
    if entity == "subagent" and reason is not None:
        error = {
            "type": "SUBAGENT_ERROR",
            "message": _CUT_RESULTS[reason]["message"],
            **_cut(reason),
        }
        return _tagged(error, start)
    kind = _CLOSER[entity]
    field = _RULES[kind].field
    end = {"type": kind, field: start[field]} | _cut(reason)
    # Where the tag is optional it is left out: the owner may have changed since the opener.
    return end if entity in _NAMESPACE else _tagged(end, start)


def _cut_result(start: Event, reason: Reason) -> Event:
    call = start["toolCallId"]
    content = orjson.dumps(_CUT_RESULTS[reason]).decode()
    result = {"type": "TOOL_CALL_RESULT", "messageId": f"{call}-result", "toolCallId": call}
    return _tagged({**result, "role": "tool", "content": content, **_cut(reason)}, start)


def _cut(reason: Reason | None) -> Event:
    return {} if reason is None else {"metadata": {"cut": reason}}


def _tagged(event: Event, start: Event) -> Event:
    if "subagentRunId" in start:
        event["subagentRunId"] = start["subagentRunId"]
    return event


def _disowned(event: Event, field: str, owner: str | None) -> ProtocolFailure:
    whose = "the main agent" if owner is None else f"subagent {owner!r}"
    return _refused(event, field, f"it belongs to {whose}, which its subagentRunId contradicts")


def _refused(event: Event, field: str, rule: str) -> ProtocolFailure:
    return ProtocolFailure(f"{event['type']} with {field} {event.get(field)!r}: {rule}")
