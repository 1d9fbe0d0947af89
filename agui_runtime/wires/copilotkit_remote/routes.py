"""Our runtime as a CopilotKit remote endpoint: its agents and actions for a Node runtime 1.10.6.

It serves the runtime's own; what its remotes offer is not passed on, so that endpoints which name
each other call in no circle.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from agui_runtime.agents.agent import ResultParts, current_run
from agui_runtime.connectors.copilotkit.messages import to_legacy
from agui_runtime.connectors.copilotkit.parameters import to_parameters
from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, InvalidInput, RequestError
from agui_runtime.core.events import Caller, RunContext
from agui_runtime.core.forwarded_headers import HeaderNames, for_agents
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.quotas import Quota
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime, RunHandle
from agui_runtime.wires.copilotkit_remote.lines import LineEncoder
from agui_runtime.wires.copilotkit_remote.request import run_request
from agui_runtime.wires.shared.bodies import DEFAULT_LIMITS, BodyLimits, loaded
from agui_runtime.wires.shared.http import (
    AS_IT_COMES,
    ClientGone,
    headers_of,
    log_failure,
    read_body,
    reply,
    unless_gone,
)
from agui_runtime.wires.shared.identity import OwnAnswer, caller_of
from agui_runtime.wires.shared.limits import ServerLimits
from agui_runtime.wires.shared.request_ids import identified, request_id_of

logger = logger_of(__name__)

JSON_TYPE = [(b"content-type", b"application/json")]
LINES = [*JSON_TYPE, *AS_IT_COMES]

AGENT_TYPE = "crewai"
"""The type at which a Node runtime reads an agent's answer as runtime events."""


def routes(
    runtime: CopilotRuntime,
    path: str = "/copilotkit_remote",
    *,
    limits: BodyLimits = DEFAULT_LIMITS,
    places: Quota | None = None,
    forward_headers: Sequence[str] = (),
) -> APIRouter:
    """`/info`, `/actions/execute`, `/agents/execute` and `/agents/state` below `path`.

    Whoever `authenticate` lets in may call every action with arguments of their own choice, without
    a model between: serve this where only your Node runtime gets. Pages in browsers, which send
    an `Origin`, are refused. `places` are those of open requests; `forward_headers` names the
    request headers that agents and actions may see.
    """
    endpoint = RemoteWire(runtime, limits, for_agents(forward_headers))
    open_ = places or ServerLimits().places()
    router = APIRouter()
    for below, answer in endpoint.answers.items():
        app = _App(endpoint, answer, open_)
        router.routes.append(Route(f"{path}{below}", app, methods=["POST"]))
    return router


class Asker(NamedTuple):
    """Who asks, and the correlation id of the request."""

    caller: Caller
    request_id: str


@dataclass(frozen=True, slots=True)
class RemoteExchange:
    """One request that was read, and where its answer goes."""

    body: Mapping[str, Any]
    context: RunContext
    receive: Receive
    send: Send

    def text(self, name: str) -> str:
        """A field that has to be there; raises InvalidInput."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{name} is required")
        return value

    async def answer(self, value: object) -> None:
        await reply(self.send, 200, JSON_TYPE, jsontext.dumps(value))


class RemoteWire:
    """The four answers of a remote endpoint."""

    def __init__(
        self, runtime: CopilotRuntime, limits: BodyLimits, forward_headers: HeaderNames
    ) -> None:
        self._runtime = runtime
        self._limits = limits
        self._forward_headers = forward_headers

    @property
    def answers(self) -> dict[str, Callable[[RemoteExchange], Awaitable[None]]]:
        return {
            "/info": self._info,
            "/actions/execute": self._act,
            "/agents/execute": self._run,
            "/agents/state": self._state,
        }

    async def caller(self, scope: Scope) -> Caller:
        """Who asks; raises RequestError, and whatever `authenticate` does."""
        if "origin" in headers_of(scope):
            raise _NotForPages("a remote endpoint answers servers, not pages")
        return await caller_of(Request(scope), self._runtime.authenticate)

    async def read(
        self, scope: Scope, asker: Asker, receive: Receive, send: Send
    ) -> RemoteExchange:
        """Read a request; raises RequestError and ClientGone."""
        headers = headers_of(scope)
        body = _object(await self._json(headers, receive))
        properties = body.get("properties")
        page = body.get("frontendUrl")
        context = RunContext(
            caller=asker.caller,
            request_id=asker.request_id,
            properties=properties if isinstance(properties, dict) else {},
            headers=self._forward_headers.pick(headers),
            url=page if isinstance(page, str) else None,
        )
        return RemoteExchange(body, context, receive, send)

    async def _json(self, headers: Mapping[str, str], receive: Receive) -> object:
        body = await read_body(headers, receive, self._limits)
        return await loaded(body, self._limits) if body else {}

    async def _info(self, exchange: RemoteExchange) -> None:
        tools = [action.tool for action in self._runtime.actions]
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
            for each in self._runtime.describe()
        ]
        await exchange.answer({"actions": actions, "agents": agents, "sdkVersion": "agui-runtime"})

    async def _act(self, exchange: RemoteExchange) -> None:
        """The result as text, as models get it; a failure is a result, too, for the model."""
        name = exchange.text("name")
        known = {action.name: action for action in self._runtime.actions}
        if name not in known:
            raise _NotThere(f"Action '{name}' not found; there are {sorted(known)}")
        current_run.set(exchange.context)
        arguments = jsontext.dumps(exchange.body.get("arguments") or {}).decode()
        result = await known[name].call(arguments)
        text = result.words if isinstance(result, ResultParts) else result
        await exchange.answer({"result": text})

    async def _state(self, exchange: RemoteExchange) -> None:
        name, thread = exchange.text("name"), exchange.text("threadId")
        context = exchange.context
        self._runtime.agent(name)
        found = await self._runtime.saved_states.load(thread, name, context.caller, context)
        state = found.state if found and found.state is not None else {}
        messages = to_legacy(found.messages) if found else []
        answer = {"threadExists": found is not None, "state": state, "messages": messages}
        await exchange.answer({"threadId": thread, **answer})

    async def _run(self, exchange: RemoteExchange) -> None:
        name = exchange.text("name")
        self._runtime.agent(name)
        body, context = exchange.body, exchange.context
        request = await unless_long(is_much(body), run_request, name, body, context, self._limits)
        handle = await self._runtime.start(request)
        finished = await unless_gone(exchange.receive, _deliver(handle, exchange.send))
        if not finished and self._runtime.options.stop_on_disconnect:
            await handle.stop()


class _NotForPages(RequestError):
    """A browser sent it; a server would send no `Origin` (Fetch standard, 3.2)."""

    code, status = "FORBIDDEN", 403


class _NotThere(InvalidInput):
    """Nothing has the name that was requested."""

    code, status = "NOT_FOUND", 404


class _App:
    """An ASGI app for one of the answers: errors become JSON, in the SDK's own form."""

    def __init__(
        self, wire: RemoteWire, answer: Callable[[RemoteExchange], Awaitable[None]], places: Quota
    ) -> None:
        self._wire = wire
        self._answer = answer
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope, send = identified(scope, send)
        request_id = request_id_of(scope)
        try:
            asker = Asker(await self._wire.caller(scope), request_id)
            with self._places.place(asker.caller.owner):
                await self._answer(await self._wire.read(scope, asker, receive, send))
        except AguiError as error:
            if error.status >= 500:
                log_failure(logger, error)
            await reply(send, error.status, JSON_TYPE, _error(error.message))
        except ClientGone:
            return
        except OwnAnswer as own:
            await own.answer(scope, receive, send)
        except Exception:  # `authenticate` is the user's
            logger.exception("a request of a Node runtime failed")
            await reply(send, 500, JSON_TYPE, _error("something went wrong; see the server's log"))


class _Lines:
    """An answer that grows; `begun` from its first byte on."""

    def __init__(self, send: Send) -> None:
        self.begun = False
        self._send = send

    async def write(self, lines: bytes) -> None:
        if not self.begun:
            self.begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": LINES})
        await self._send({"type": "http.response.body", "body": lines, "more_body": True})

    async def end(self) -> None:
        await self.write(b"")
        await self._send({"type": "http.response.body", "body": b""})


async def _deliver(handle: RunHandle, send: Send) -> None:
    """Send the run's events, one JSON object a line.

    There is no line for a run that failed, or cannot be read any more: before the first one it is
    an HTTP status, after it the answer breaks off, and the caller's stream with it.
    """
    lines = _Lines(send)
    try:
        failure = await _lines(handle, lines)
    except AguiError as error:
        if not lines.begun:
            raise
        logger.warning("the answer of run %s broke off: %s", handle.run.run_id, error)
        return
    if failure is None:
        await lines.end()
    elif not lines.begun:
        await reply(send, 500, JSON_TYPE, _error(failure))


async def _lines(handle: RunHandle, lines: _Lines) -> str | None:
    """Write the run's lines; the message of its failure, if it failed."""
    speech = LineEncoder(handle.run)
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            events = [record.event for record in batch.records]
            ready = b"".join(_line(line) for event in events for line in speech.lines(event))
            if ready:
                await lines.write(ready)
            if events[-1]["type"] == "RUN_ERROR":
                return str(events[-1]["message"])
    return None


def _line(line: Mapping[str, Any]) -> bytes:
    return jsontext.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidInput("the body must be a JSON object")
    return value


def _error(message: str) -> bytes:
    return jsontext.dumps({"error": message})
