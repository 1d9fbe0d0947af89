"""Our runtime as a CopilotKit remote endpoint: its agents and actions for a Node runtime 1.10.6.

It serves the runtime's own; what its remotes offer is not passed on, so that endpoints which name
each other call in no circle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, TypeAlias

import orjson
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from agui_runtime.agents.actions import Action
from agui_runtime.agents.agent import ResultParts, current_run
from agui_runtime.connectors.copilotkit.messages import to_legacy
from agui_runtime.connectors.copilotkit.parameters import to_parameters
from agui_runtime.core import jsontext
from agui_runtime.core.access import Resource
from agui_runtime.core.errors import AgentNotFound, AguiError
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.stretches import joined
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.catalog import AgentInfo
from agui_runtime.runtime.runtime import CopilotRuntime, RunHandle
from agui_runtime.wires.copilotkit_remote.exchange import LINES, NotThere, RemoteExchange
from agui_runtime.wires.copilotkit_remote.lines import LineEncoder
from agui_runtime.wires.copilotkit_remote.request import run_request
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.options import ServerOptions
from agui_runtime.wires.shared.streaming import StreamingResponse
from agui_runtime.wires.shared.wire import WireRoute

logger = logger_of(__name__)

AGENT_TYPE = "crewai"
"""The type at which a Node runtime reads an agent's answer as runtime events."""


def routes(runtime: CopilotRuntime, path: str, options: ServerOptions) -> list[BaseRoute]:
    """`/info`, `/actions/execute`, `/agents/execute` and `/agents/state` below `path`.

    Whoever `authenticate` lets in may call every action with arguments of their own choice, without
    a model between: serve this where only your Node runtime gets. Pages in browsers, which send
    an `Origin`, are refused.
    """
    endpoint = EndpointHandlers(runtime, options)
    return [
        WireRoute(f"{path}{below}", _App(endpoint, handler), direct=True, methods=["POST"])
        for below, handler in endpoint.handlers.items()
    ]


Handler: TypeAlias = Callable[[RemoteExchange], Awaitable[None]]


class EndpointHandlers:
    """Handlers for the four paths of a remote endpoint."""

    def __init__(self, runtime: CopilotRuntime, options: ServerOptions) -> None:
        self._runtime = runtime
        self._permissions = runtime.permissions
        self._options = options

    @property
    def handlers(self) -> Mapping[str, Handler]:
        return {
            "/info": self._info,
            "/actions/execute": self._act,
            "/agents/execute": self._run,
            "/agents/state": self._state,
        }

    async def answer(self, exchange: RemoteExchange, handler: Handler) -> None:
        """Answer the request, whoever may call; raises RequestError, ClientGone, and whatever
        `authenticate` does.
        """
        owner = await exchange.admit(self._runtime.authenticate)
        with self._options.places.place(owner):
            await exchange.read(self._options.body, self._options.forwarded)
            await handler(exchange)

    async def _info(self, exchange: RemoteExchange) -> None:
        caller = exchange.caller
        tools = [action.tool for action in await self._callable(caller)]
        actions = [
            {
                "name": tool.name,
                "description": tool.description,
                "parameters": to_parameters(tool.parameters),
            }
            for tool in tools
        ]
        agents = [
            {"name": each.name, "description": each.description, "type": AGENT_TYPE}
            for each in await self._readable(caller)
        ]
        await exchange.answer({"actions": actions, "agents": agents, "sdkVersion": "agui-runtime"})

    async def _act(self, exchange: RemoteExchange) -> None:
        """The result as text, as models get it; a failure is a result, too, for the model."""
        name = exchange.text("name")
        known = {action.name: action for action in self._runtime.actions}
        if name not in known:
            names = sorted(each.name for each in await self._callable(exchange.caller))
            raise NotThere(f"Action '{name}' not found; there are {names}")
        await self._permissions.check(exchange.caller, "call", Resource(action=name))
        current_run.set(exchange.run_context)
        arguments = jsontext.dumps(exchange.body.get("arguments") or {}).decode()
        result = await known[name].call(arguments)
        text = result.words if isinstance(result, ResultParts) else result
        await exchange.answer({"result": text})

    async def _state(self, exchange: RemoteExchange) -> None:
        name, thread = exchange.text("name"), exchange.text("threadId")
        context = exchange.run_context
        await self._find(name, context)
        found = await self._runtime.saved_states.load(thread, name, context.caller, context)
        state = found.state if found and found.state is not None else {}
        messages = to_legacy(found.messages) if found else []
        answer = {"threadExists": found is not None, "state": state, "messages": messages}
        await exchange.answer({"threadId": thread, **answer})

    async def _callable(self, caller: Caller) -> Sequence[Action]:
        return [
            action
            for action in self._runtime.actions
            if await self._permissions.allow(caller, "call", Resource(action=action.name))
        ]

    async def _find(self, name: str, context: RunContext) -> None:
        """Raises AgentNotFound, which names those of the runtime's own that the caller may see."""
        try:
            self._runtime.agent(name)
        except AgentNotFound as error:
            known = [each.name for each in await self._readable(context.caller)]
            raise AgentNotFound(error.name, known) from None

    async def _readable(self, caller: Caller) -> Sequence[AgentInfo]:
        own = {each.name: each for each in self._runtime.describe()}
        return list((await self._permissions.of_agents(caller, "read", own)).values())

    async def _run(self, exchange: RemoteExchange) -> None:
        name = exchange.text("name")
        body, context = exchange.body, exchange.run_context
        await self._find(name, context)
        limits = self._options.body
        request = await unless_long(is_much(body), run_request, name, body, context, limits)
        async with self._runtime.streams.place(context.caller.owner):
            handle = await self._runtime.start(request)
            response = exchange.streaming(LINES)
            async with while_known(exchange.caller):
                work = _deliver(handle, exchange, response)
                finished = await response.serve(exchange.receive, work)
            if not finished and self._runtime.options.stop_on_disconnect:
                await handle.stop()


class _App:
    """An ASGI app for one of the answers."""

    def __init__(self, endpoint: EndpointHandlers, handler: Handler) -> None:
        self._endpoint = endpoint
        self._handler = handler

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = RemoteExchange(scope, receive, send)
        await exchange.guard(self._endpoint.answer(exchange, self._handler))


async def _deliver(
    handle: RunHandle, exchange: RemoteExchange, response: StreamingResponse
) -> None:
    """Send the run's events, one JSON object a line.

    There is no line for a run that failed, or cannot be read any more: before the first one it is
    an HTTP status, after it the answer breaks off, and the caller's stream with it.
    """
    try:
        failure = await _lines(handle, response)
    except AguiError as error:
        if not response.begun:
            raise
        logger.warning("the answer of run %s broke off: %s", handle.run.run_id, error)
        return
    if failure is None:
        await response.end()
    elif not response.begun:
        await exchange.answer({"error": failure}, 500)


async def _lines(handle: RunHandle, response: StreamingResponse) -> str | None:
    """Write the run's lines; the message of its failure, if it failed."""
    encoder = LineEncoder(handle.run)
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            events = [record.event for record in batch.records]
            ready = [_line(line) for event in joined(events) for line in encoder.lines(event)]
            if ready:
                await response.write(ready)
            if events[-1]["type"] == "RUN_ERROR":
                return str(events[-1]["message"])
    return None


def _line(line: Mapping[str, Any]) -> bytes:
    return jsontext.dumps(line, option=orjson.OPT_APPEND_NEWLINE)
