"""An agent of a remote endpoint: its answer of JSON lines, in either dialect, as AG-UI events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import KeptState, current_run
from agui_runtime.agents.run_input import dumped
from agui_runtime.connectors.copilotkit.graph_events import GraphEvents
from agui_runtime.connectors.copilotkit.lines import JsonLines
from agui_runtime.connectors.copilotkit.messages import as_text, to_agui, to_legacy
from agui_runtime.connectors.copilotkit.paths import Paths
from agui_runtime.connectors.copilotkit.runtime_events import RuntimeEvents
from agui_runtime.connectors.shared.remote import RemoteServer, drain
from agui_runtime.core.errors import ProtocolFailure, RemoteFailure
from agui_runtime.core.events import Event, RunContext
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.off_loop import is_much, unless_long


class RemoteAgent:
    """Asks its endpoint for each run. Whichever dialect a line is in, it is read: the reference
    knows the types `langgraph` and `crewai` only, and SDK agents of a user's own have none.

    Raises RemoteFailure, and ProtocolFailure for lines that are no events.
    """

    def __init__(self, server: RemoteServer, paths: Paths, name: str, description: str) -> None:
        self.name = name
        self.description = description
        self._server = server
        self._paths = paths

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """The answer's events; the end of the answer is the end of the run."""
        answer = _EndpointAnswer(self._server.sizes.event)
        path = self._paths.agent(self.name)
        body = await unless_long(is_much(request), _body, self.name, request)
        async with self._server.stream(path, body, "application/json") as blocks:
            async for block in blocks:
                for event in answer.feed(block):
                    yield event
                    if event["type"] == "RUN_ERROR":
                        await drain(blocks)
                        return
        for event in answer.end():
            yield event

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """The agent's own state of a thread; None if it has none, or its endpoint serves none."""
        if self._paths.state is None:
            return None
        body = {"properties": dict(context.properties), "threadId": thread_id, "name": self.name}
        try:
            answer = await self._server.ask(self._paths.state, body, context)
        except RemoteFailure as failure:
            if failure.upstream == 404:
                return None
            raise
        if not isinstance(answer, dict) or not answer.get("threadExists"):
            return None
        state = answer.get("state")
        return KeptState({} if state is None else state, to_agui(answer.get("messages")))


class _EndpointAnswer:
    """One answer: its bytes as events, and at its end the messages of its latest state."""

    def __init__(self, limit: int) -> None:
        self._lines = JsonLines(limit)
        self._runtime_events = RuntimeEvents()
        self._graph_events = GraphEvents(self._runtime_events)

    def feed(self, block: bytes) -> Iterator[Event]:
        for line in self._lines.feed(block):
            yield from self._read(line)

    def end(self) -> Iterator[Event]:
        for line in self._lines.end():
            yield from self._read(line)
        if self._runtime_events.messages:
            yield {"type": "MESSAGES_SNAPSHOT", "messages": self._runtime_events.messages}

    def _read(self, line: Mapping[str, Json]) -> Iterator[Event]:
        dialect = self._graph_events if "event" in line else self._runtime_events
        try:
            yield from dialect.read(line)
        except (KeyError, TypeError, AttributeError) as error:
            raise ProtocolFailure(f"a line of the agent lacks something: {error}") from error


def _body(name: str, request: RunAgentInput) -> JsonObject:
    context = current_run.get(None)
    dump = dumped(request)
    forwarded = dump.get("forwardedProps")
    forwarded = forwarded if isinstance(forwarded, dict) else {}
    node = {"nodeName": forwarded["nodeName"]} if forwarded.get("nodeName") else {}
    answers = _answers(forwarded, dump.get("resume") or ())
    return {
        "name": name,
        "threadId": request.thread_id,
        **node,
        "messages": to_legacy(dump["messages"]),
        "state": dump.get("state") or {},
        "config": forwarded.get("config") or {},
        "properties": dict(context.properties) if context else {},
        "actions": [_action(tool) for tool in dump.get("tools") or ()],
        **({"metaEvents": answers} if answers else {}),
    }


def _action(tool: Mapping[str, Json]) -> JsonObject:
    described = {"name": tool["name"], "description": tool.get("description") or ""}
    return {**described, "parameters": tool.get("parameters") or {}}


def _answers(
    forwarded: Mapping[str, Json], resume: Sequence[Mapping[str, Json]]
) -> list[JsonObject]:
    """What the user answered: as a page of 1.10 sends it, or in AG-UI's two forms."""
    if isinstance(sent := forwarded.get("metaEvents"), list):
        return sent
    command = forwarded.get("command")
    given = []
    if isinstance(command, dict) and "resume" in command:
        given.append(_answer(command["resume"], command.get("interruptEvent")))
    given += [_answer(it.get("payload")) for it in resume if it.get("status") == "resolved"]
    return given


def _answer(response: object, value: object = None) -> JsonObject:
    """One answer, with its question where the page sent that, too."""
    question = {} if value is None else {"value": as_text(value)}
    return {"name": "LangGraphInterruptEvent", **question, "response": as_text(response)}
