"""The part of a run that one of a router's agents has: its state, its notes, its events."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.agents.border import EventAgent
from agui_runtime.core.events import Event, Notes, RunContext
from agui_runtime.core.jsontext import Json
from agui_runtime.core.observation import Operation, observed


class Part:
    """One call of the agent. Its state is the field of the router's state that has its name, and it
    is shown as a subagent; but what it says and calls is the router's own answer.
    """

    def __init__(self, name: str, agent: EventAgent, request: RunAgentInput) -> None:
        self._name = name
        self._agent = agent
        self._request = request
        self._id = str(uuid4())
        self._states = request.state if isinstance(request.state, dict) else {}
        self._has_state = name in self._states

    async def events(self, usage: Sequence[Json]) -> AsyncGenerator[Event, None]:
        """What it emits, in its bracket. Its end has this usage, too; where there is usage, there
        is an end.
        """
        ids = {"subagentRunId": self._id, "name": self._name}
        yield {"type": "SUBAGENT_STARTED", **ids, "description": self._agent.description}
        async with aclosing(self._within()) as events:
            async for event in events:
                change = _CHANGES.get(event["type"])
                if change is None:
                    yield event
                    continue
                for made in change(self, event):
                    yield (
                        made | {"usage": [*usage, *made.get("usage", ())]}
                        if (usage and made["type"] in _ENDS)
                        else made
                    )
                if event["type"] in _ENDS:
                    return
        yield {"type": "SUBAGENT_FINISHED", "subagentRunId": self._id}
        if usage:
            yield {"type": "RUN_FINISHED", "threadId": "", "runId": "", "usage": list(usage)}

    async def _within(self) -> AsyncGenerator[Event, None]:
        """What it emits; while it does so, the run's notes are its own."""
        own = self._states.get(self._name)
        request = self._request.model_copy(update={"state": {} if own is None else own})
        with observed(Operation("invoke_agent", self._name)) as seen:
            async with aclosing(seen.events(self._agent.run(request))) as events:
                context = _own_context(self._name)
                while True:
                    token = None if context is None else current_run.set(context)
                    try:
                        event = await anext(events)
                    except StopAsyncIteration:
                        return
                    finally:
                        if token is not None:
                            current_run.reset(token)
                    yield event

    def _signed(self, event: Event) -> Iterator[Event]:
        yield {"name": self._name} | event

    def _nested(self, event: Event) -> Iterator[Event]:
        yield {"parentSubagentRunId": self._id} | event

    def _snapshot(self, event: Event) -> Iterator[Event]:
        self._has_state = True
        yield event | {"snapshot": {**self._states, self._name: event["snapshot"]}}

    def _delta(self, event: Event) -> Iterator[Event]:
        """One of a state that the page does not know begins with an empty one."""
        if not self._has_state:
            yield from self._snapshot({"type": "STATE_SNAPSHOT", "snapshot": {}})
        yield event | {"delta": [_moved(each, self._name) for each in event["delta"]]}

    def _finished(self, event: Event) -> Iterator[Event]:
        asks = [each["id"] for each in (event.get("outcome") or {}).get("interrupts") or ()]
        outcome = {"outcome": {"type": "suspended", "interruptIds": asks}} if asks else {}
        yield {"type": "SUBAGENT_FINISHED", "subagentRunId": self._id} | outcome
        yield event

    def _failed(self, event: Event) -> Iterator[Event]:
        why = {key: event[key] for key in ("message", "code") if key in event}
        yield {"type": "SUBAGENT_ERROR", "subagentRunId": self._id} | why
        yield event


_ENDS = frozenset({"RUN_FINISHED", "RUN_ERROR"})

_CHANGES: Mapping[str, Callable[[Part, Event], Iterator[Event]]] = {
    "TEXT_MESSAGE_START": Part._signed,
    "SUBAGENT_STARTED": Part._nested,
    "STATE_SNAPSHOT": Part._snapshot,
    "STATE_DELTA": Part._delta,
    "RUN_FINISHED": Part._finished,
    "RUN_ERROR": Part._failed,
}


def _moved(operation: Json, name: str) -> Json:
    """The operation of a patch, on the field of that name."""
    prefix = "/" + name.replace("~", "~0").replace("/", "~1")
    paths = {key: prefix + operation[key] for key in ("path", "from") if key in operation}
    return {**operation, **paths}


class _OwnNotes:
    """The notes of one agent among several; two of a kind do not read each other's."""

    def __init__(self, notes: Notes, name: str) -> None:
        self._notes = notes
        self._name = name

    async def read(self, name: str) -> Json:
        return await self._notes.read(f"{self._name}/{name}")

    async def write(self, name: str, note: Json) -> None:
        await self._notes.write(f"{self._name}/{name}", note)


def _own_context(name: str) -> RunContext | None:
    run = current_run.get(None)
    if run is None or run.notes is None:
        return run
    return replace(run, notes=_OwnNotes(run.notes, name))
