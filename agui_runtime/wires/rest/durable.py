"""A thread, or one run of it, as a read-only stream of the Durable Streams protocol, for whose
clients a stream is JSON that comes in pieces, each with the offset at which to come back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial

from agui_runtime.core import jsontext
from agui_runtime.core.errors import InvalidInput, RunNotFound
from agui_runtime.core.events import TERMINAL, Caller, Cursor, Event, Record
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import LONG_LIST, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.offsets import offset_of, place_at
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.shared.event_stream_frames import named_frame
from agui_runtime.wires.shared.exchange import JSON_TYPE
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import Headers, unless_gone
from agui_runtime.wires.shared.streaming import Write

PATIENCE = 20.0
"""Seconds that a long poll waits."""

PIECE = 1000
"""So many records at most are looked at for one answer."""

_ALWAYS: Headers = (
    (b"cache-control", b"private, no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Events, and what the client is told of the place behind them."""

    events: list[Event]
    end: Cursor
    is_latest: bool = True
    is_closed: bool = False

    @property
    def headers(self) -> Headers:
        flags = {b"stream-up-to-date": self.is_latest, b"stream-closed": self.is_closed}
        return [
            *_ALWAYS,
            (b"stream-next-offset", offset_of(self.end).encode()),
            (b"stream-cursor", b"%d" % self.end.seq),
            *((name, b"true") for name, is_set in flags.items() if is_set),
        ]

    @property
    def control(self) -> JsonObject:
        place: JsonObject = {"streamNextOffset": offset_of(self.end)}
        if self.is_closed:
            return place | {"streamClosed": True}
        place["streamCursor"] = str(self.end.seq)
        return place | ({"upToDate": True} if self.is_latest else {})

    async def encoded(self) -> bytes:
        return await unless_long(len(self.events) > LONG_LIST, jsontext.dumps, self.events)


@dataclass(frozen=True, slots=True)
class _Source:
    """A thread, or one run of it, as a caller may read it."""

    threads: Threads
    caller: Caller
    thread_id: str
    run_id: str | None

    async def piece(self, after: Cursor) -> _Piece:
        """What there is after the cursor, as far as one answer goes."""
        end = await self.threads.end(self.thread_id, self.caller)
        found: list[Record] = []
        async with aclosing(self.threads.so_far(self.thread_id, self.caller, after)) as batches:
            async for batch in batches:
                found += batch.records
                if len(found) >= PIECE:
                    break
        found = self._until_closed(found[:PIECE])
        place = Cursor(end.epoch, found[-1].seq) if found else after
        events = [each.event for each in found if self._has(each)]
        closed = await self._is_closed(events, place, end)
        return _Piece(events, place, closed or place.seq >= end.seq, closed)

    async def more(self, after: Cursor) -> None:
        """Return when there is something after the cursor."""
        batches = self.threads.follow(self.thread_id, self.caller, after)
        async with aclosing(batches):
            await anext(batches)

    def _has(self, record: Record) -> bool:
        return self.run_id in (None, record.run_id)

    def _until_closed(self, records: list[Record]) -> list[Record]:
        for count, record in enumerate(records, 1):
            if self.run_id == record.run_id and record.event["type"] in TERMINAL:
                return records[:count]
        return records

    async def _is_closed(self, events: list[Event], place: Cursor, end: Cursor) -> bool:
        if self.run_id is not None and events and events[-1]["type"] in TERMINAL:
            return True
        if place.seq < end.seq:
            return False
        if self.run_id is None:
            return (await self.threads.get(self.thread_id, self.caller)).archived
        runs = await self.threads.runs(self.thread_id, self.caller)
        return any(each.run_id == self.run_id and each.ended_at is not None for each in runs)


class Streams:
    """The handlers of `/threads/{thread}/stream` and of that of a run."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._runtime = runtime
        self._keep_alive = options.keep_alive

    async def thread(self, exchange: RestExchange, thread: str) -> None:
        """All of a thread; it is closed when the thread is archived."""
        await self._answer(exchange, _Source(self._runtime.threads, exchange.caller, thread, None))

    async def run(self, exchange: RestExchange, thread: str, run: str) -> None:
        """One run of it; it is closed when that run has ended."""
        runs = await self._runtime.threads.runs(thread, exchange.caller)
        if run not in {each.run_id for each in runs}:
            raise RunNotFound(thread, run)
        await self._answer(exchange, _Source(self._runtime.threads, exchange.caller, thread, run))

    async def _answer(self, exchange: RestExchange, source: _Source) -> None:
        live, offset = exchange.query.get("live", ""), exchange.query.get("offset")
        if live not in self._ways:
            raise InvalidInput(f"live: {' or '.join(filter(None, self._ways))}")
        if live and offset is None:
            raise InvalidInput("offset: a live reader says where to begin")
        end = await source.threads.end(source.thread_id, exchange.caller)
        after = place_at(offset, end)
        if exchange.method == "HEAD":
            await exchange.reply(200, [JSON_TYPE, *_Piece([], end).headers], b"")
        else:
            await self._ways[live](exchange, source, after)

    @property
    def _ways(self) -> Mapping[str, Callable[[RestExchange, _Source, Cursor], Awaitable[None]]]:
        return {"": self._catch_up, "long-poll": self._long_poll, "sse": self._events}

    async def _catch_up(self, exchange: RestExchange, source: _Source, after: Cursor) -> None:
        await _give(exchange, await source.piece(after))

    async def _long_poll(self, exchange: RestExchange, source: _Source, after: Cursor) -> None:
        """What there is, or what comes within a time; 204 where nothing does."""
        piece = await source.piece(after)

        async def waited() -> None:
            nonlocal piece
            async with asyncio.timeout(PATIENCE):
                while not (piece.events or piece.is_closed):
                    await source.more(piece.end)
                    piece = await source.piece(piece.end)

        if not (piece.events or piece.is_closed):
            try:
                async with while_known(exchange.caller):
                    if not await unless_gone(exchange.receive, waited()):
                        return
            except TimeoutError:
                pass  # nothing came: that is an answer, too
        await _give(exchange, piece, nothing=204)

    async def _events(self, exchange: RestExchange, source: _Source, after: Cursor) -> None:
        await exchange.stream(partial(_write, source, after), self._keep_alive, _ALWAYS)


async def _write(source: _Source, after: Cursor, write: Write) -> None:
    """Each piece as one frame of data, if it has any, and one that says where it ends."""
    while True:
        piece = await source.piece(after)
        data = named_frame("data", await piece.encoded()) if piece.events else b""
        await write(data + named_frame("control", jsontext.dumps(piece.control)))
        if piece.is_closed:
            return
        after, is_latest = piece.end, piece.is_latest
        del piece, data  # nothing is held in silence
        if is_latest:
            await source.more(after)


async def _give(exchange: RestExchange, piece: _Piece, nothing: int = 200) -> None:
    if not piece.events and nothing == 204:
        await exchange.reply(204, piece.headers, b"")
        return
    etag = (b"etag", b'"%b"' % offset_of(piece.end).encode())
    if exchange.headers.get("if-none-match", "").encode() == etag[1] and not piece.events:
        await exchange.reply(304, [*piece.headers, etag], b"")
        return
    await exchange.reply(200, [JSON_TYPE, *piece.headers, etag], await piece.encoded())
