"""Agents that hand the conversation to one another. Whoever has it answers, in later runs too."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing

from ag_ui.core import RunAgentInput, Tool

from agui_runtime.agents.agent import (
    TOOL_NAME,
    Agent,
    Closable,
    calls_at_once,
    current_run,
)
from agui_runtime.agents.border import normal, wrap
from agui_runtime.agents.passes import Pass, accounted, continued, result_of
from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.events import HANDED_OVER, Event
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import Operation, observed
from agui_runtime.wrappers.base import Wrapper, beside_threads

MOST = 5
"""So often the conversation changes hands within one run; then whoever has it must answer."""

_TOOL = "transfer_to_"
_NOTE = "agui_runtime.handoffs"


def with_handoff(agent: object, others: Mapping[str, object]) -> Wrapper:
    """The agent, and `others` by name, to whom it may hand the conversation.

    Each of them is offered a tool for each other one, `transfer_to_<name>`. When it is called, that
    agent goes on in the same run, and answers the thread's next messages until it hands over in its
    turn. The CUSTOM event HANDED_OVER reports it, and text messages carry their agent's `name`.

    A handoff counts as long as the conversation holds it: a regenerate from before it asks the
    agent of then. What a front end claims of handoffs counts for nothing. Raises Misconfigured for
    names that are not distinct, or no part of a tool's name.
    """
    return _WithHandoff(agent, others)


class _WithHandoff(Wrapper):
    def __init__(self, agent: object, others: Mapping[str, object]) -> None:
        super().__init__(agent)
        if self.name in others:
            raise Misconfigured(f"more than one agent is named {self.name!r}")
        self._others = {name: wrap(other, name) for name, other in others.items()}
        self._agents = {self.name: self.agent} | self._others
        self.calls_at_once = all(map(calls_at_once, self._agents.values()))
        self._tools = {name: _tool(name, each.description) for name, each in self._agents.items()}

    @property
    def answering(self) -> Sequence[Agent]:
        return tuple(self._agents.values())

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        handoffs = await self._handoffs(request)
        usage: list[Json] = []
        for transfers in range(0 if beside_threads() else MOST, -1, -1):
            current, holder = Pass(), self._holder(handoffs)
            offered = self._offering(holder, request) if transfers else request
            with accounted(usage):
                async with aclosing(self._emitted_by(holder, offered, current)) as events:
                    async for event in events:
                        yield event
            usage += current.usage
            calls = current.unanswered()
            taken = self._taken(calls) if transfers else {}
            if not taken:
                for event in current.end(usage):
                    yield event
                return
            handoffs |= taken
            await _note(handoffs)
            for event in _announced(taken, self._holder(handoffs)):
                current.note(event)
                yield event
            if len(taken) < len(calls):  # who has the conversation waits for the others' results
                for event in current.end(usage):
                    event.pop("outcome", None)  # which may name the calls that were just answered
                    yield event
                return
            request = continued(request, current.fold.messages)

    async def close(self) -> None:
        await super().close()
        for other in self._others.values():
            if isinstance(other, Closable):
                await other.close()

    async def _emitted_by(
        self, holder: str, request: RunAgentInput, current: Pass
    ) -> AsyncGenerator[Event, None]:
        """What it emits, under its name, without its end."""
        run = self._agents[holder].run(request)
        with observed(Operation("invoke_agent", holder)) as seen:
            async with aclosing(seen.events(run)) as events:
                async for event in events:
                    if current.passes(event):
                        opens = event["type"] == "TEXT_MESSAGE_START"
                        yield {"name": holder} | event if opens else event

    async def _handoffs(self, request: RunAgentInput) -> dict[str, str]:
        """Who was handed the conversation by which call, of the calls that it still holds."""
        run = current_run.get(None)
        noted = await run.notes.read(_NOTE) if run is not None and run.notes is not None else None
        made = {call.id for m in request.messages for call in getattr(m, "tool_calls", None) or ()}
        return {id_: to for id_, to in (noted or {}).items() if id_ in made and to in self._agents}

    def _holder(self, handoffs: Mapping[str, str]) -> str:
        return [self.name, *handoffs.values()][-1]

    def _offering(self, holder: str, request: RunAgentInput) -> RunAgentInput:
        tools = [tool for name, tool in self._tools.items() if name != holder]
        return request.model_copy(update={"tools": [*(request.tools or ()), *tools]})

    def _taken(self, calls: Sequence[Mapping[str, Json]]) -> dict[str, str]:
        """Which of the calls hand over, and to whom; of several in one answer the last counts."""
        names = {tool.name: name for name, tool in self._tools.items()}
        called = ((call["id"], names.get(call["function"]["name"])) for call in calls)
        return {id_: name for id_, name in called if name is not None}


async def _note(handoffs: Mapping[str, str]) -> None:
    """Keep them for the thread's next run."""
    run = current_run.get(None)
    if run is not None and run.notes is not None:
        await run.notes.write(_NOTE, handoffs)


def _announced(calls: Iterable[str], holder: str) -> list[Event]:
    message = f"{holder} has the conversation now."
    value = {"message": message, "agent": holder}
    results = [result_of(call_id, message) for call_id in calls]
    return [*results, {"type": "CUSTOM", "name": HANDED_OVER, "value": value}]


def _tool(name: str, description: str) -> Tool:
    if not TOOL_NAME.fullmatch(_TOOL + name):
        raise Misconfigured(f"an agent named {name!r} cannot be handed a conversation")
    about = f"Hand the conversation over to {name}. {description}".strip()
    nothing = {"type": "object", "properties": {}, "required": []}
    return Tool(name=_TOOL + name, description=about, parameters=nothing)
