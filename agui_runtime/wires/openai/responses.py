"""`/responses`: runs that can be gone on from, come back to and, in the background, left alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, nullcontext
from typing import NamedTuple

from agui_runtime.core.events import TERMINAL, Caller, Cursor, Record, RunRequest
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Batch
from agui_runtime.wires.openai.delivery import frames, read_whole, stopped_with_its_reader
from agui_runtime.wires.openai.errors import BadRequest, NotThere, RunFailed
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.response_events import ResponseEvents
from agui_runtime.wires.openai.response_ids import Place, place_of, response_id
from agui_runtime.wires.openai.response_request import ResponseRequest, response_request
from agui_runtime.wires.openai.response_resource import Resource, status_of
from agui_runtime.wires.openai.response_stream import ResponseStream
from agui_runtime.wires.openai.response_turns import response_turn


class Responses:
    """The handlers of `/responses` and of what is below."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._limits = options.server.body

    async def create(self, exchange: OpenAIExchange) -> None:
        """Start a run and answer with it. Unless it is in the background, a client that closes its
        connection stops it.
        """
        body = await exchange.body(self._limits)
        request = await unless_long(is_much(body), response_request, body, self._limits)
        del body
        async with self._place(exchange, stream=request.stream):
            handle = await self._started(exchange, request)
            place = Place(handle.run.thread_id, handle.run.run_id)
            resource = Resource(
                response_id(place), handle.run.started_at, request.model, request.echo
            )
            made = ResponseEvents([tool["name"] for tool in request.tools])
            stream, background = request.stream, request.background
            del request
            async with nullcontext() if background else stopped_with_its_reader(handle):
                if stream:
                    ready = frames(handle.batches(), ResponseStream(resource, made), handle.ended)
                    await exchange.stream(ready, self._options.keep_alive)
                elif background:
                    await exchange.answer(resource.body(made, "queued"))
                else:
                    await _whole(exchange, handle, resource, made)

    async def retrieve(self, exchange: OpenAIExchange, response: str) -> None:
        """A response as it is now, or with `stream` its events, after the one that
        `starting_after` names.
        """
        after = _number(exchange.query.get("starting_after"))
        place = await self._found(response, exchange.caller)
        stored = await self._stored(response, place, exchange.caller)
        if exchange.query.get("stream") != "true":
            await exchange.answer(await _folded(stored))
            return
        async with self._place(exchange, stream=True):
            resource, before = stored.resource, stored.before
            del stored
            encoder = ResponseStream(resource, ResponseEvents(), after)
            ready = frames(self._batches(place, before, exchange.caller), encoder)
            await exchange.stream(ready, self._options.keep_alive)

    async def cancel(self, exchange: OpenAIExchange, response: str) -> None:
        """Stop the run, if it is live, and answer with what there is of it; so, too, once more."""
        place = await self._found(response, exchange.caller)
        if await self._runtime.stop(place.thread_id, exchange.caller, place.run_id):
            await self._runtime.store.log.wait_idle(place.thread_id)
        stored = await self._stored(response, place, exchange.caller)
        await exchange.answer(await _folded(stored))

    def _place(
        self, exchange: OpenAIExchange, *, stream: bool
    ) -> AbstractAsyncContextManager[None]:
        streams = self._runtime.streams
        return streams.place(exchange.caller.owner) if stream else nullcontext()

    async def _started(self, exchange: OpenAIExchange, request: ResponseRequest) -> RunHandle:
        context = exchange.run_context(self._options.server.forwarded, request.props)
        await self._runtime.find(request.model, context)
        turn = await response_turn(request, self._runtime.threads, exchange.caller)
        return await self._runtime.start(
            RunRequest(turn.input, context, request.model, ephemeral=turn.beside)
        )

    async def _found(self, response: str, caller: Caller) -> Place:
        """The caller's run of that response; raises NotThere and Forbidden."""
        place = place_of(response)
        if place is None or await self._runtime.threads.find(place.thread_id, caller) is None:
            raise _no_response(response)
        return place

    async def _stored(self, response: str, place: Place, caller: Caller) -> _Stored:
        """What the log holds of it; raises NotThere."""
        runs = await self._runtime.threads.runs(place.thread_id, caller)
        run = next((each for each in runs if each.run_id == place.run_id), None)
        read = await self._runtime.threads.read(place.thread_id, caller)
        own = [each for each in read if each.run_id == place.run_id]
        if run is None or not own:
            raise _no_response(response)
        known = {each.run_id for each in runs}  # what stands for dropped runs has no place to be at
        before = [each.seq for each in read if each.seq < own[0].seq and each.run_id in known]
        resource = Resource(response, run.started_at, run.agent, ended_at=run.ended_at)
        return _Stored(resource, own, before[-1] if before else None)

    async def _batches(
        self, place: Place, before: int | None, caller: Caller
    ) -> AsyncGenerator[Batch, None]:
        """The run from its first record to its end, for which a live one is waited for."""
        end = await self._runtime.threads.end(place.thread_id, caller)
        after = None if before is None else Cursor(end.epoch, before)
        batches = self._runtime.threads.connect(place.thread_id, caller, after)
        async with aclosing(batches):
            async for batch in batches:
                own = [each for each in batch.records if each.run_id == place.run_id]
                if own:
                    yield Batch(own, batch.cursor)
                if own and own[-1].event["type"] in TERMINAL:
                    return  # another run may have begun meanwhile


class _Stored(NamedTuple):
    """A response, the records of its run, and the number of the record before, if there is one."""

    resource: Resource
    records: Sequence[Record]
    before: int | None


async def _whole(
    exchange: OpenAIExchange, handle: RunHandle, resource: Resource, made: ResponseEvents
) -> None:
    def feed(records: Sequence[Record]) -> None:
        _feed(made, records)

    if not await read_whole(exchange, handle, feed):
        return
    if status_of(made.end) in {"failed", "cancelled"}:
        raise RunFailed(made.end)
    await exchange.answer(resource.body(made))


def _feed(made: ResponseEvents, records: Sequence[Record]) -> None:
    for record in records:
        for _ in made.feed(record.event):
            pass


async def _folded(stored: _Stored) -> JsonObject:
    made = ResponseEvents()
    await unless_long(len(stored.records) > LONG_LIST, _feed, made, stored.records)
    return stored.resource.body(made)


def _number(text: str | None) -> int:
    if text is None:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        message = "starting_after: the sequence_number of an event"
        raise BadRequest(message, "starting_after", "invalid_value")
    return int(text)


def _no_response(id_: str) -> NotThere:
    return NotThere(f"Response with id '{id_[:200]}' not found")
