"""`/responses`: runs that can be gone on from, come back to and, in the background, left alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial

from agui_runtime.core.events import Record
from agui_runtime.core.history import without_prompts
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.openai.delivery import read_whole, stopped_with_its_reader, write_frames
from agui_runtime.wires.openai.errors import BadRequest, RunFailed
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.item_pages import page_of
from agui_runtime.wires.openai.items import items_of
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.response_events import ResponseEvents
from agui_runtime.wires.openai.response_request import response_request
from agui_runtime.wires.openai.response_resource import status_of
from agui_runtime.wires.openai.response_starts import ResponseStarter, StartedResponse
from agui_runtime.wires.openai.response_stream import ResponseStream
from agui_runtime.wires.openai.stored_responses import StoredResponse, StoredResponses


class Responses:
    """The handlers of `/responses` and of what is below."""

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._options = options
        self._limits = options.server.body
        self._stored = StoredResponses(runtime)
        self._starter = ResponseStarter(runtime, options, self._stored)

    async def create(self, exchange: OpenAIExchange) -> None:
        """Start a run and answer with it. Unless it is in the background, a client that closes its
        connection stops it.
        """
        body = await exchange.body(self._limits)
        request = await unless_long(is_much(body), response_request, body, self._limits)
        del body
        async with self._place(exchange, stream=request.stream):
            made = await self._starter.started(exchange, request)
            stream, background = request.stream, request.background
            del request
            async with nullcontext() if background else stopped_with_its_reader(made.handle):
                if stream:
                    encoder = ResponseStream(made.resource, made.events)
                    ready = partial(write_frames, made.handle.batches(), encoder, made.handle.ended)
                    await exchange.stream(ready, self._options.keep_alive)
                elif background:
                    await exchange.answer(made.resource.body(made.events, "queued"))
                else:
                    await _whole(exchange, made)

    async def retrieve(self, exchange: OpenAIExchange, response: str) -> None:
        """A response as it is now, or with `stream` its events, after the one that
        `starting_after` names.
        """
        after = _number(exchange.query.get("starting_after"))
        place = await self._stored.find(response, exchange.caller)
        stored = await self._stored.read(place, exchange.caller)
        made = ResponseEvents(place, None, stored.waiting)
        if exchange.query.get("stream") != "true":
            await exchange.answer(await _folded(stored, made))
            return
        async with self._place(exchange, stream=True):
            resource, before = stored.resource, stored.before
            del stored
            batches = self._stored.follow(place, before, exchange.caller)
            ready = partial(write_frames, batches, ResponseStream(resource, made, after), None)
            await exchange.stream(ready, self._options.keep_alive)

    async def cancel(self, exchange: OpenAIExchange, response: str) -> None:
        """Stop the run, if it is live, and answer with what there is of it; so, too, once more."""
        place = await self._stored.find(response, exchange.caller)
        if await self._runtime.stop(place.thread_id, exchange.caller, place.run_id):
            await self._runtime.store.log.wait_idle(place.thread_id)
        stored = await self._stored.read(place, exchange.caller)
        made = ResponseEvents(place, None, stored.waiting)
        await exchange.answer(await _folded(stored, made))

    async def delete(self, exchange: OpenAIExchange, response: str) -> None:
        """Forget the response. What was said in it stays in its thread, if somebody named that."""
        place = await self._stored.find(response, exchange.caller)
        await self._stored.read(place, exchange.caller)
        await self._stored.delete(place, exchange.caller)
        await exchange.answer({"id": response, "object": "response", "deleted": True})

    async def input_items(self, exchange: OpenAIExchange, response: str) -> None:
        """A page of what came with the request that the response answers."""
        place = await self._stored.find(response, exchange.caller)
        stored = await self._stored.read(place, exchange.caller)
        given = stored.records[0].event.get("input") or {}
        items = items_of(without_prompts(given.get("messages") or ()), place.thread_id)
        await exchange.answer_much(page_of(items, exchange.query))

    def _place(
        self, exchange: OpenAIExchange, *, stream: bool
    ) -> AbstractAsyncContextManager[object]:
        streams = self._runtime.streams
        return streams.place(exchange.caller.owner) if stream else nullcontext()


async def _whole(exchange: OpenAIExchange, made: StartedResponse) -> None:
    def feed(records: Sequence[Record]) -> None:
        _feed(made.events, records)

    if not await read_whole(exchange, made.handle, feed):
        return
    if status_of(made.events.end) in {"failed", "cancelled"}:
        raise RunFailed(made.events.end)
    await exchange.answer(made.resource.body(made.events))


def _feed(made: ResponseEvents, records: Sequence[Record]) -> None:
    for record in records:
        for _ in made.feed(record.event):
            pass


async def _folded(stored: StoredResponse, made: ResponseEvents) -> JsonObject:
    await unless_long(len(stored.records) > LONG_LIST, _feed, made, stored.records)
    return stored.resource.body(made)


def _number(text: str | None) -> int:
    if text is None:
        return -1
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        message = "starting_after: the sequence_number of an event"
        raise BadRequest(message, "starting_after", "invalid_value")
    return int(text)
