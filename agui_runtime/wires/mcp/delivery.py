"""From a thread's records to the stream that a call is answered with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from agui_runtime.core.events import Cursor
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runs.handle import RunHandle
from agui_runtime.stores.base import Batch
from agui_runtime.wires.mcp.answer import NOTHING, Answer, Shown
from agui_runtime.wires.mcp.exchange import response
from agui_runtime.wires.mcp.places import Place, event_id
from agui_runtime.wires.mcp.questions import form
from agui_runtime.wires.shared.event_stream_frames import frame
from agui_runtime.wires.shared.pace import paced
from agui_runtime.wires.shared.streaming import Write

BEAT = 10.0
"""Seconds of silence after which a note of progress is repeated: clients give up after a minute."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How a call is answered: `result` makes of an answer what its generation has for it. With
    `resumable`, events have ids; with `has_modes`, a client knows empty ones, and kinds of
    questions. Whatever the cursor `after` covers, the client has. `before` comes first.
    """

    place: Place
    result: Callable[[Answer], JsonObject]
    resumable: bool = False
    has_modes: bool = False
    after: Cursor | None = None
    before: Shown = NOTHING


async def write_frames(
    batches: AsyncGenerator[Batch, None],
    reply: Reply,
    pace: float,
    handle: RunHandle | None,
    write: Write,
) -> None:
    """Write the frames of a call, to its result. A question is put on the way, if its client can do
    so; then the thread's next run is the one that goes on.
    """
    call = _Call(reply)
    if reply.has_modes and handle is not None:
        await write(b"id: %b\ndata: \n\n" % event_id(reply.place, handle.start).encode())
    ended = None if handle is None else handle.ended
    async with aclosing(_beating(paced(batches, pace, ended))) as beats:
        async for batch in beats:
            for ready in call.frames(batch):
                await write(ready)
            if call.is_over:
                return
            del batch  # nothing is held in silence


class _Call:
    """The state of one such stream."""

    def __init__(self, reply: Reply) -> None:
        self.is_over = False
        self._reply = reply
        self._answer = Answer(reply.place.thread_id, reply.place.run_id, reply.before)
        self._run: str | None = reply.place.run_id
        self._progress = 0.0
        self._shown = ""
        self._named: JsonObject | None = None

    def frames(self, batch: Batch | None) -> list[bytes]:
        """Those for the thread's next records, or for a spell of silence."""
        if batch is None:
            return self._note(None, self._progress + 0.001)
        made: list[bytes] = []
        for record in batch.records:
            if self._run is None and record.event["type"] == "RUN_STARTED":
                self._run = record.run_id
            if record.run_id != self._run:
                continue
            self._answer.feed(record.event)
            if self._answer.end is not None:
                made += self._ended(Cursor(batch.cursor.epoch, record.seq))
                if self.is_over:
                    return made
        is_news = self._answer.text != self._shown or self._answer.routed is not self._named
        if self._run is not None and is_news:
            made += self._note(batch.cursor, float(batch.cursor.seq))
        return made

    def _ended(self, cursor: Cursor) -> list[bytes]:
        place = self._reply.place
        if not (self._answer.interrupts and place.asks and self._reply.resumable):
            self.is_over = True
            message = response(place.request, self._reply.result(self._answer))
            return [self._frame(message, cursor)]
        waiting = Place(place.thread_id, self._answer.run_id)
        self._run = None
        newest = self._reply.has_modes
        mode = {"mode": "form"} if newest else {}
        params = {**mode, **form(self._answer.interrupts, has_choices=newest)}
        method = {"jsonrpc": "2.0", "id": str(waiting), "method": "elicitation/create"}
        return self._unless_known(cursor, {**method, "params": params})

    def _note(self, cursor: Cursor | None, progress: float) -> list[bytes]:
        """Progress, to whoever wants any: the text so far."""
        token = self._reply.place.token
        if token is None or progress <= self._progress:
            return []
        self._progress = progress
        self._shown, self._named = self._answer.text, self._answer.routed
        params: JsonObject = {"progressToken": token, "progress": progress}
        if message := self._shown or _naming(self._named):
            params["message"] = message
        note = {"jsonrpc": "2.0", "method": "notifications/progress", "params": params}
        return [frame(note)] if cursor is None else self._unless_known(cursor, note)

    def _unless_known(self, cursor: Cursor, message: JsonObject) -> list[bytes]:
        after = self._reply.after
        if after is not None and cursor.seq <= after.seq:
            return []
        return [self._frame(message, cursor)]

    def _frame(self, message: JsonObject, cursor: Cursor) -> bytes:
        place = self._reply.place
        return frame(message, event_id(place, cursor) if self._reply.resumable else None)


def _naming(routed: JsonObject | None) -> str:
    """Who will answer, for whoever waits for the first word."""
    return "" if routed is None else f"{routed['agent']} answers ({routed['domain']})"


async def _beating(batches: AsyncGenerator[Batch, None]) -> AsyncGenerator[Batch | None, None]:
    """The batches, and None for each spell of silence."""
    async with aclosing(batches):
        while True:
            following = asyncio.ensure_future(anext(batches, None))
            try:
                while not (await asyncio.wait((following,), timeout=BEAT))[0]:
                    yield None
                batch = following.result()
            finally:
                following.cancel()
                await asyncio.wait((following,))
            if batch is None:
                return
            yield batch
            del batch
