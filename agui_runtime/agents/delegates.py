"""Agents as tools of another agent: what such an agent emits becomes part of the caller's run.

A delegate is offered no further delegates, so that agents can neither call themselves nor nest.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.agents.border import EventAgent
from agui_runtime.core.errors import AgentFailure
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.core.fold import Fold
from agui_runtime.core.grammar import Grammar
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import Observed, Operation, observed

DELEGATE = "delegate"
"""Set in the `metadata` of the SUBAGENT_STARTED that opens a delegate's part of the run."""

SUBAGENT_STATE = "subagent_state"
"""The custom event that carries a delegate's STATE_* and MESSAGES_SNAPSHOT events: they are about
the delegate, and must not replace the state of the run's own agent.
"""

_OWN = frozenset({"STATE_SNAPSHOT", "STATE_DELTA", "MESSAGES_SNAPSHOT"})


@dataclass(frozen=True, slots=True)
class Delegate:
    """An agent that another one may call as a tool without arguments; its name must be one for a
    tool, see `TOOL_NAME`.

    It gets the caller's request, and starts from the `state` that the front end holds.
    """

    name: str
    agent: EventAgent
    state: Any

    @property
    def tool(self) -> Tool:
        nothing = {"type": "object", "properties": {}, "required": []}
        return Tool(name=self.name, description=self.agent.description, parameters=nothing)

    def engaged(self, call_id: str, request: RunAgentInput) -> Engagement:
        """Its part of the run, in answer to the call."""
        return Engagement(self, call_id, request)


class Engagement:
    """One call of a delegate: `events` while it lasts, then its `answer` and `usage`."""

    def __init__(self, delegate: Delegate, call_id: str, request: RunAgentInput) -> None:
        self._delegate = delegate
        self._call_id = call_id
        self._request = request
        self._run_id = str(uuid4())
        self._fold = Fold()
        self.usage: Sequence[Json] = ()

    @property
    def answer(self) -> str:
        """The text of all its messages."""
        texts = (m.get("content") for m in self._fold.messages if m["role"] == "assistant")
        return "\n".join(text for text in texts if text)

    async def events(self) -> AsyncGenerator[Event, None]:
        """What it does, tagged as its own, from SUBAGENT_STARTED to SUBAGENT_FINISHED.

        Raises what the agent raises, and AgentFailure where it emits RUN_ERROR.
        """
        yield self._started()
        operation = Operation("invoke_agent", self._delegate.name, self._call_id)
        with observed(operation) as seen:
            async with aclosing(self._legal(seen)) as events:
                async for event in events:
                    if event["type"] in TERMINAL:
                        self.usage = event.get("usage") or ()
                        _check(event)
                    else:
                        self._fold.feed(event)
                        yield self._tagged(event)
        yield {"type": "SUBAGENT_FINISHED", "subagentRunId": self._run_id}

    async def _legal(self, seen: Observed) -> AsyncGenerator[Event, None]:
        """The agent's events in legal order, with whatever it left open closed."""
        grammar = Grammar()
        run = self._delegate.agent.run(self._own_request())
        async with aclosing(seen.events(run)) as events:
            async for event in events:
                for legal in grammar.accept(event):
                    yield legal
                if grammar.ended:
                    return
        for event in grammar.closers():
            yield event

    def _own_request(self) -> RunAgentInput:
        own = {"run_id": self._run_id, "tools": [], "state": self._delegate.state}
        return self._request.model_copy(update=own)

    def _started(self) -> Event:
        return {
            "type": "SUBAGENT_STARTED",
            "subagentRunId": self._run_id,
            "name": self._delegate.name,
            "description": self._delegate.agent.description,
            "parentToolCallId": self._call_id,
            "metadata": {DELEGATE: True},
        }

    def _tagged(self, event: Event) -> Event:
        """As this engagement's. Its calls get ids that no other agent's can have: servers that
        number calls anew in each answer give the caller's the same ones.
        """
        event = event | {key: f"{event[key]}-{self._run_id}" for key in _calls_in(event)}
        if event["type"] in _OWN:
            event = {"type": "CUSTOM", "name": SUBAGENT_STATE, "value": event}
        if event["type"] == "SUBAGENT_STARTED":
            return {"parentSubagentRunId": self._run_id} | event
        return {"subagentRunId": self._run_id} | event


def _check(end: Event) -> None:
    """Raises AgentFailure, with the usage, where a delegate ended with an error."""
    if end["type"] == "RUN_ERROR":
        failure = AgentFailure(end["message"], end.get("code"))
        failure.usage = end.get("usage") or ()
        raise failure


def _calls_in(event: Event) -> Iterator[str]:
    """The fields that hold the id of a call."""
    yield from (key for key in ("toolCallId", "parentToolCallId") if key in event)
    if event["type"] == "REASONING_ENCRYPTED_VALUE" and event["subtype"] == "tool-call":
        yield "entityId"
