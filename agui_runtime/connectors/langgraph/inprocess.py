"""A LangGraph graph in this process, behind the adapter that its users have already."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Protocol, cast
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import KeptState, current_run
from agui_runtime.agents.border import normal, normalized, wrap
from agui_runtime.connectors.langgraph.emitted import emitted, shown
from agui_runtime.connectors.langgraph.lean import lean
from agui_runtime.connectors.langgraph.messages import to_agui
from agui_runtime.connectors.langgraph.threads import thread_of
from agui_runtime.connectors.shared.langchain import text_of
from agui_runtime.core.errors import ProtocolFailure
from agui_runtime.core.events import Event, Message, RunContext
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.requests import request_messages, request_props, resume_value


class Graph(Protocol):
    """What is used of a compiled graph."""

    async def aget_state(self, config: JsonObject) -> object: ...


class Adapter(Protocol):
    """`LangGraphAgent` of ag-ui-langgraph, or `LangGraphAGUIAgent` of copilotkit."""

    name: str

    @property
    def graph(self) -> object: ...  # a Graph, of a library that need not be there

    def run(self, input: RunAgentInput) -> AsyncIterator[object]: ...  # its own name


class GraphAgent:
    """Runs the adapter's graph, each of our threads on a thread of its checkpointer.

    Suggestions and the like get threads that nothing else uses. What the checkpointer holds of a
    thread can be loaded, also by a page that has just been opened. Messages are no part of the
    state that front ends see. What a graph says by hand (`copilotkit_emit_message` and its likes)
    is told as it is meant, whichever the adapter.
    """

    def __init__(self, adapter: Adapter, description: str = "") -> None:
        self._agent = wrap(lean(adapter, adapter.graph), description=description)
        self._graph = cast(Graph, adapter.graph)  # typed by a library that need not be there
        self.name = self._agent.name
        self.description = self._agent.description

    @normal
    async def run(self, request: RunAgentInput) -> AsyncGenerator[Event, None]:
        """The adapter's events; raises ProtocolFailure for what CopilotKit's SDK would not send."""
        context = current_run.get(None)
        alone = context is not None and context.ephemeral
        thread = uuid4().hex if alone else thread_of(request.thread_id, context)
        checkpoint = await self._checkpoint(thread)
        adapted = _answering(_recognized(_from_the_start(request), checkpoint), checkpoint)
        telling = _Telling(request)
        # Adapters put their own things into the state that they are given.
        own = adapted.model_copy(update={"thread_id": thread}, deep=True)
        async with aclosing(self._agent.run(own)) as events:
            async for event in events:
                for each in telling.feed(event):
                    yield each

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What the checkpointer holds of the thread; None if it has none, or there is none."""
        checkpoint = await self._checkpoint(thread_of(thread_id, context))
        values = getattr(checkpoint, "values", None)
        if not isinstance(values, Mapping) or not values:
            return None
        messages = [message.model_dump() for message in values.get("messages", ())]
        return KeptState(shown(values), to_agui(messages))

    async def _checkpoint(self, thread: str) -> object:
        try:
            return await self._graph.aget_state({"configurable": {"thread_id": thread}})
        except ValueError:  # the graph was compiled without a checkpointer
            return None


class _Telling:
    """One run of an adapter, with the events that a run on a LangGraph server would have."""

    def __init__(self, request: RunAgentInput) -> None:
        results = (message for message in request.messages if message.role == "tool")
        self._results = {each.tool_call_id: each.id for each in results}
        users = request_messages(request, {"user"})
        self._parts = {each["id"]: each for each in users if isinstance(each["content"], list)}

    def feed(self, event: Event) -> Sequence[Event]:
        tell = _TELL.get(event["type"])
        return tell(self, event) if tell else [event]

    def _state(self, event: Event) -> Sequence[Event]:
        values = event["snapshot"]
        return [{**event, "snapshot": shown(values)} if isinstance(values, dict) else event]

    def _custom(self, event: Event) -> Sequence[Event]:
        """CopilotKit's own come as custom ones; those of AG-UI too, but beside what they mean."""
        if not event["name"].startswith("copilotkit_"):
            return [event]
        try:
            meant = list(emitted(event["name"], event.get("value")))
        except (AttributeError, KeyError, TypeError) as error:
            raise ProtocolFailure(f"the graph emitted a malformed {event['name']}") from error
        return normalized(meant)

    def _result(self, event: Event) -> Sequence[Event]:
        self._results[event["toolCallId"]] = event["messageId"]
        return [event]

    def _messages(self, event: Event) -> Sequence[Event]:
        """Results keep the ids that front ends know; under new ids they would go to the end.

        Attachments stay what they are; adapters know pictures alone.
        """
        return [{**event, "messages": [self._known(message) for message in event["messages"]]}]

    def _known(self, message: Message) -> Message:
        known = self._results.get(message.get("toolCallId", ""))
        if known:
            return {**message, "id": known}
        return self._sent(message)

    def _sent(self, message: Message) -> Message:
        sent = self._parts.get(message["id"]) if message["role"] == "user" else None
        if sent is None or text_of(sent["content"]) != text_of(message.get("content")):
            return message
        return {**message, "content": sent["content"]}


_TELL: dict[str, Callable[[_Telling, Event], Sequence[Event]]] = {
    "STATE_SNAPSHOT": _Telling._state,
    "CUSTOM": _Telling._custom,
    "TOOL_CALL_RESULT": _Telling._result,
    "MESSAGES_SNAPSHOT": _Telling._messages,
}


def _from_the_start(request: RunAgentInput) -> RunAgentInput:
    """Without the node that a 1.10 page saw last: adapters would go on behind it, to no answer."""
    props = request_props(request)
    rest = {name: value for name, value in props.items() if name not in {"nodeName", "node_name"}}
    return request.model_copy(update={"forwarded_props": rest})


def _recognized(request: RunAgentInput, checkpoint: object) -> RunAgentInput:
    """With results by the ids that the checkpoint (LangGraph's StateSnapshot) has them under:
    adapters add all others to it.
    """
    values = getattr(checkpoint, "values", None) or {}
    known = {
        message.tool_call_id: message.id
        for message in values.get("messages", ())
        if message.type == "tool"
    }
    messages = [
        message.model_copy(update={"id": known[message.tool_call_id]})
        if message.role == "tool" and message.tool_call_id in known
        else message
        for message in request.messages
    ]
    return request.model_copy(update={"messages": messages})


def _answering(request: RunAgentInput, checkpoint: object) -> RunAgentInput:
    """With the answers to several questions in the one form in which LangGraph takes them.

    An older front end's single answer is for all of them.
    """
    tasks = getattr(checkpoint, "tasks", ())
    questions = [interrupt.id for task in tasks for interrupt in task.interrupts]
    if request.resume:
        answers = {each.interrupt_id: each.payload for each in request.resume}
    else:
        answers = dict.fromkeys(questions, resume_value(request))
    if len(questions) < 2 or not any(answer is not None for answer in answers.values()):
        return request
    props = request_props(request)
    sent = props.get("command")
    command = {**(sent if isinstance(sent, dict) else {}), "resume": answers}
    forwarded_props = {**props, "command": command}
    return request.model_copy(update={"resume": None, "forwarded_props": forwarded_props})
