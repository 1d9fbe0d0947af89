"""The agent that is a graph on a LangGraph server: which requests it makes, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from typing import Unpack

import orjson
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import KeptState, current_run
from agui_runtime.connectors.langgraph.emitted import shown
from agui_runtime.connectors.langgraph.messages import changes, to_agui, to_chain
from agui_runtime.connectors.langgraph.options import GraphArguments, options_of
from agui_runtime.connectors.langgraph.run_input import (
    RunConfig,
    answer_in,
    graph_input,
    wants_subgraphs,
)
from agui_runtime.connectors.langgraph.threads import thread_of
from agui_runtime.connectors.langgraph.translator import GraphTranslator
from agui_runtime.connectors.shared.remote import (
    DEFAULT_OPTIONS,
    RemoteOptions,
    RemoteServer,
    drain,
)
from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure, RemoteFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.events import Event, Message, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.history_repair import repair
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import request_messages
from agui_runtime.off_loop import is_much, unless_long

_MODES = ["messages-tuple", "values", "updates", "custom"]


class LangGraphAgent:
    """Runs the graph `assistant` (a graph's name, or an assistant's id) on the server at `url`.

    Each thread is one of the server, which keeps its state; callers that `authenticate` tells apart
    never share one. Suggestions and the like run without a thread. Front ends' tools and context
    are given to the graph as `tools`, and as LangGraph's adapters have them, as `copilotkit` and
    `ag-ui`. Stopping a run closes its stream, at which the server cancels it.

    The `arguments` are short for fields of LangGraphOptions: `config=...` for
    `options=LangGraphOptions(config=...)`.
    """

    def __init__(
        self,
        url: str,
        assistant: str,
        *,
        name: str = "langgraph",
        description: str = "",
        options: RemoteOptions = DEFAULT_OPTIONS,
        **arguments: Unpack[GraphArguments],
    ) -> None:
        chosen = options_of(options, arguments)
        self.name = name
        self.description = description or f"the graph {assistant}"
        self._assistant = assistant
        self._config = RunConfig(chosen.config, chosen.configurable)
        self._structured = chosen.structured_interrupts
        self._modes = [*_MODES, "events"] if chosen.dispatched else _MODES
        key = {"x-api-key": chosen.api_key} if chosen.api_key else {}
        reached = replace(chosen, headers={**chosen.headers, **key})
        self._server = RemoteServer(url, f"the server of agent {name!r}", reached)

    @property
    def forwarded_headers(self) -> HeaderNames:
        return self._server.forwarded_headers

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """The events of one run of the graph, or of its continuation after an interrupt.

        A thread that waits for an answer, and gets none, asks again. Raises RemoteFailure,
        AgentFailure and ProtocolFailure.
        """
        context = current_run.get(None)
        translator, long = GraphTranslator(request, self._structured), is_much(request)
        if context is not None and context.ephemeral:
            path = "/runs/stream"
            body = await unless_long(long, self._alone, request, context)
        else:
            thread = thread_of(request.thread_id, context)
            checkpoint = await self._checkpoint(thread, context)
            waiting = _interrupts(checkpoint)
            if waiting and answer_in(request) is None:
                for event in translator.feed(
                    "values", {**checkpoint["values"], "__interrupt__": waiting}
                ):
                    yield event
                for event in translator.end():
                    yield event
                return
            path = f"/threads/{thread}/runs/stream"
            body = await unless_long(long, self._next, request, context, checkpoint, waiting)
        async for event in self._streamed(path, body, translator):
            yield event
        for event in translator.end():
            yield event

    async def kept_state(self, thread_id: str, context: RunContext) -> KeptState | None:
        """What the server holds of the thread; None if it does not know it."""
        checkpoint = await self._checkpoint(thread_of(thread_id, context), context)
        if not checkpoint:
            return None
        values = checkpoint["values"]
        messages = values.get("messages")
        return KeptState(shown(values), to_agui(messages if isinstance(messages, list) else []))

    async def close(self) -> None:
        """Close the agent's connections; a later run opens new ones."""
        await self._server.close()

    async def _streamed(
        self, path: str, body: Mapping[str, Json], translator: GraphTranslator
    ) -> AsyncIterator[Event]:
        stream = EventStreamParser(self._server.sizes.event)
        async with self._server.stream(path, body, "text/event-stream") as blocks:
            async for block in blocks:
                for name, data in stream.feed_named(block):
                    if name == "events" and b'"on_custom_event"' not in data:
                        continue  # most of the stream, which nobody needs to parse
                    for event in translator.feed(name, _json(data)):
                        yield event
            await drain(blocks)

    async def _checkpoint(self, thread: str, context: RunContext | None) -> JsonObject:
        """The thread's latest state, {} if the server does not know the thread."""
        try:
            states = await self._server.ask(f"/threads/{thread}/history", {"limit": 1}, context)
        except RemoteFailure as failure:
            if failure.upstream == 404:
                return {}
            raise
        found = states[0] if isinstance(states, list) and states else {}
        return found if isinstance(found, dict) and isinstance(found.get("values"), dict) else {}

    def _alone(self, request: RunAgentInput, context: RunContext) -> JsonObject:
        messages = to_chain(repair(_conversation(request)))
        return self._common(request, context) | {"input": graph_input(request, messages)}

    def _next(
        self,
        request: RunAgentInput,
        context: RunContext | None,
        checkpoint: Mapping[str, Json],
        waiting: Sequence[Json],
    ) -> JsonObject:
        body = self._common(request, context) | {
            "if_not_exists": "create",
            "multitask_strategy": "interrupt",  # what still runs there was given up here
        }
        if waiting:
            answer = answer_in(request)
            if len(waiting) > 1 and not request.resume:
                answer = {each["id"]: answer for each in waiting}
            return body | {"command": {"resume": answer}}
        messages = checkpoint["values"].get("messages") if checkpoint else None
        known = messages if isinstance(messages, list) else []
        return body | {"input": graph_input(request, changes(known, _conversation(request)))}

    def _common(self, request: RunAgentInput, context: RunContext | None) -> JsonObject:
        headers = self._server.forwarded(context) if context is not None else {}
        config = self._config.of(request, headers)
        metadata = {"metadata": config.pop("metadata")} if "metadata" in config else {}
        return {
            "assistant_id": self._assistant,
            "stream_mode": self._modes,
            "stream_subgraphs": wants_subgraphs(request),
            "on_disconnect": "cancel",
            **({"config": config} if config else {}),
            **metadata,
        }


def _conversation(request: RunAgentInput) -> list[Message]:
    """The conversation without prompts: a graph has its own."""
    return request_messages(request, {"user", "assistant", "tool", "reasoning"})


def _interrupts(checkpoint: Mapping[str, Json]) -> list[Json]:
    tasks = checkpoint.get("tasks") or ()
    return [interrupt for task in tasks for interrupt in task.get("interrupts") or ()]


def _json(data: bytes) -> Json:
    try:
        return jsontext.loads_fragment(data)
    except orjson.JSONDecodeError:
        raise ProtocolFailure("the LangGraph server's stream is malformed") from None
