"""The handlers of what has to do with tools: list them, call them, go on with a call, cancel it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from agui_runtime.core.access import Resource
from agui_runtime.core.errors import (
    Forbidden,
    RequestError,
    ThreadNotFound,
    TooManyRequests,
    Unauthenticated,
)
from agui_runtime.core.events import Caller, Cursor, RunContext, RunInfo, RunRequest
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.mcp.answer import refused
from agui_runtime.wires.mcp.delivery import Reply, write_frames
from agui_runtime.wires.mcp.errors import INVALID_PARAMS, INVALID_REQUEST, RpcError
from agui_runtime.wires.mcp.exchange import McpExchange
from agui_runtime.wires.mcp.generations import UNCACHED, awaiting, complete, reply
from agui_runtime.wires.mcp.options import McpOptions
from agui_runtime.wires.mcp.places import Place, called, event_place, place_of, runs_of
from agui_runtime.wires.mcp.protocol import Message, checked_id
from agui_runtime.wires.mcp.questions import Unfilled
from agui_runtime.wires.mcp.tools import agent_named, tool
from agui_runtime.wires.mcp.turns import Turn, Unanswered, answering, turn_of

RECENT = 50
"""Among so many of a caller's threads a call is looked for that is to be cancelled: a live one has
written to its thread just now.
"""


REFUSAL: JsonObject = {"action": "cancel"}
"""The result of a question that nobody answers."""

_NOT_FOR_MODELS = (RpcError, Forbidden, TooManyRequests, Unauthenticated)
"""Errors that no other call would cure."""


class Calls:
    """Of one runtime."""

    def __init__(self, runtime: CopilotRuntime, options: McpOptions) -> None:
        self._runtime = runtime
        self._options = options

    async def list(self, exchange: McpExchange, message: Message) -> None:
        """The agents that the caller may see."""
        found = await self._runtime.discover(self._context(exchange))
        cached = UNCACHED if message.is_stateless else {}
        result = {"tools": [tool(each) for each in found], **cached}
        await exchange.result(complete(result, is_stateless=message.is_stateless))

    async def call(self, exchange: McpExchange, message: Message) -> None:
        """Start the run, and answer with it. In the newer generation a client that closes its
        connection stops it; in the older one it may come back.
        """
        async with self._runtime.streams.place(exchange.caller.owner):
            try:
                turn = await self._turn(exchange, message)
                handle = await self._start(exchange, turn)
            except RequestError as error:
                if isinstance(error, _NOT_FOR_MODELS):
                    raise
                await exchange.result(_instead(error, message))
                return
            run, stateless = handle.run, message.is_stateless
            place = Place(run.thread_id, run.run_id, message.id, message.token, message.asks)
            answer = reply(place, message.version, is_stateless=stateless)
            answer = replace(answer, before=turn.before)
            async with _stopped_with_its_reader(handle, stateless):
                await self._stream(exchange, answer, handle)

    async def resume(self, exchange: McpExchange, last_event_id: str, version: str) -> None:
        """Go on with the stream of a call behind the event with that id."""
        place, cursor = await self._found(last_event_id, exchange.caller)
        exchange.id = place.request
        answer = reply(place, version, is_stateless=False, after=cursor)
        async with self._runtime.streams.place(exchange.caller.owner):
            await self._stream(exchange, answer)

    async def answered(self, exchange: McpExchange, message: Message) -> None:
        """Take the answer to a question that a stream has put; that goes on by itself."""
        place = place_of(message.id)
        if place is None:
            raise RpcError(INVALID_REQUEST, "this server made no request with that id")
        await self._answer(exchange, place, message)

    async def cancelled(self, exchange: McpExchange, message: Message) -> None:
        """End the call that a request of the session began, on whichever server it is."""
        request = checked_id(message.params.get("requestId"))
        if message.session is None or request is None:
            return
        runs = frozenset(runs_of(called(message.session, request)[1]))
        threads, caller = self._runtime.threads, exchange.caller
        page = await threads.list(caller, include_archived=True, limit=RECENT)
        for thread in page.threads:
            found = await threads.runs(thread.thread_id, caller)
            if found and found[-1].run_id in runs:
                await self._end(exchange, found[-1])
                return

    async def _end(self, exchange: McpExchange, run: RunInfo) -> None:
        if run.status == "interrupted":
            await self._refuse(exchange, Place(run.thread_id, run.run_id))
        else:
            await self._runtime.stop(run.thread_id, exchange.caller, run.run_id)

    async def _answer(self, exchange: McpExchange, place: Place, message: Message) -> None:
        result = message.body.get("result")
        given = result if isinstance(result, dict) else REFUSAL
        try:
            turn = await answering(place, given, self._runtime.threads, exchange.caller)
        except Unfilled:  # whoever waits for the end of the call cannot be asked once more
            await self._refuse(exchange, place)
            raise
        await self._start(exchange, turn)

    async def _refuse(self, exchange: McpExchange, place: Place) -> None:
        """Go on as if nobody wanted what the run asks for."""
        turn = await answering(place, REFUSAL, self._runtime.threads, exchange.caller)
        await self._start(exchange, turn)

    async def _turn(self, exchange: McpExchange, message: Message) -> Turn:
        found = await self._runtime.discover(self._context(exchange))
        agent = agent_named(message.params.get("name"), found)
        if agent is None:
            name = str(message.params.get("name"))[:200]
            await self._runtime.permissions.check(exchange.caller, "read", Resource(name))
            status = 400 if message.is_stateless else 200
            raise RpcError(INVALID_PARAMS, f"Unknown tool: {name}", status)
        return await turn_of(message, agent, self._runtime.threads, exchange.caller)

    async def _start(self, exchange: McpExchange, turn: Turn) -> RunHandle:
        context = self._context(exchange)
        request = RunRequest(turn.input, context, turn.agent, fingerprint=turn.mark)
        return await self._runtime.start(request)

    async def _found(self, last_event_id: str, caller: Caller) -> tuple[Place, Cursor]:
        """Raises RpcError for an event that is not the caller's, or gone."""
        found = event_place(last_event_id)
        no_event = RpcError(INVALID_REQUEST, "Last-Event-ID: there is no such event")
        if found is None:
            raise no_event
        place, cursor = found
        try:
            runs = await self._runtime.threads.runs(place.thread_id, caller)
            end = await self._runtime.threads.end(place.thread_id, caller)
        except ThreadNotFound:
            raise no_event from None
        if end.epoch != cursor.epoch or place.run_id not in {each.run_id for each in runs}:
            raise no_event
        return found

    async def _stream(
        self, exchange: McpExchange, answer: Reply, handle: RunHandle | None = None
    ) -> None:
        thread, after = answer.place.thread_id, handle.start if handle else None
        batches = self._runtime.threads.follow(thread, exchange.caller, after)
        ready = partial(write_frames, batches, answer, self._options.pace, handle)
        await exchange.stream(ready, self._options.keep_alive)

    def _context(self, exchange: McpExchange) -> RunContext:
        return exchange.context({}, self._options.server.forwarded)


def _instead(error: RequestError, message: Message) -> JsonObject:
    """The result of a call that began no run."""
    if isinstance(error, Unanswered) and message.asks:
        return awaiting(error.place, error.interrupts)
    return complete(refused(error.message), is_stateless=message.is_stateless)


@asynccontextmanager
async def _stopped_with_its_reader(handle: RunHandle, is_stateless: bool) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if is_stateless and (handle.ended is None or not handle.ended.done()):
            await handle.stop()
