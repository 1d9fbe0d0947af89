"""A request that is answered with a stream: from its `stream_start` to its `stream_end`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Set
from contextlib import aclosing

from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import TERMINAL
from agui_runtime.core.fold import Fold
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.wires.shared.event_stream_exchange import end_of as end_of_lost
from agui_runtime.wires.shared.folded_threads import folded_thread
from agui_runtime.wires.shared.pace import paced
from agui_runtime.wires.shared.sockets import SocketGone
from agui_runtime.wires.websocket.client_frames import Addressed, ToolResult
from agui_runtime.wires.websocket.encoder import StreamEncoder, end_of
from agui_runtime.wires.websocket.errors import CallNotWaiting
from agui_runtime.wires.websocket.openings import Opening, gone_on, opened
from agui_runtime.wires.websocket.outlet import Outlet
from agui_runtime.wires.websocket.session import Session


class Stream:
    """The runs that it starts go on when its socket is gone.

    While it `is_starting` one, nothing may cancel it: the run would be there or not.
    """

    def __init__(
        self, session: Session, frame: Addressed, outlet: Outlet, is_gone: Callable[[], bool]
    ) -> None:
        self.is_starting = True
        self._is_gone = is_gone
        self._session = session
        self._frame = frame
        self._outlet = outlet
        self._opening: Opening | None = None
        self._encoder: StreamEncoder | None = None
        self._results: dict[str, ToolResult] = {}
        self._answered = asyncio.Event()
        self._cancelled = False
        self._until_cancelled = asyncio.timeout(None)
        self._has_ended = False
        """Whether only its last frame is to be sent."""

    async def serve(self) -> JsonObject:
        """Send its frames, and return the last one; raises SocketGone where nobody waits for them
        any more, and what opening and reading it does.
        """
        async with self._session.place():
            opening = await opened(self._session, self._frame)
            self._encoder = encoder = StreamEncoder(
                self._frame.request_id, opening.start, opening.terms.tools, popup=opening.popup
            )
            if not self._is_gone():
                await self._outlet.send(encoder.started(opening.thread_id, opening.run_id))
            return encoder.ended(await self._until_end(opening, encoder))

    async def cancel(self) -> None:
        """Stop the run that is live; where none is, end the stream."""
        self._cancelled = True
        if self.is_starting or self._has_ended or self._until_cancelled.expired():
            return  # it is stopped as soon as it is there, or has been
        if self._opening is not None and self._opening.stop is not None:
            await self._opening.stop()
        else:
            self._until_cancelled.reschedule(asyncio.get_running_loop().time())

    def answer(self, result: ToolResult) -> None:
        """Take what became of a call that the client was given; raises CallNotWaiting."""
        given = set(self._encoder.calls if self._encoder else ())
        if result.tool_call_id not in given - self._results.keys():
            raise CallNotWaiting(result.tool_call_id, given - self._results.keys())
        self._results[result.tool_call_id] = result
        self._answered.set()

    async def _until_end(self, opening: Opening, encoder: StreamEncoder) -> JsonObject:
        """How it ended, when all of its frames but the last are sent."""
        after: Opening | None = opening
        try:
            async with self._until_cancelled:
                while after is not None:
                    await self._read(after, encoder)
                    end = await self._end(after, encoder)
                    after = await self._next(after, encoder, end)
                return end
        except TimeoutError:
            if not self._until_cancelled.expired():
                raise
        finally:
            self._has_ended = True
        return {"outcome": "cancelled"}

    async def _read(self, opening: Opening, encoder: StreamEncoder) -> None:
        try:
            async with aclosing(paced(opening.batches, ended=opening.ended)) as batches:
                await self._begin(opening)
                async for batch in batches:
                    for frame in encoder.frames(batch.records, batch.cursor.epoch):
                        await self._outlet.send(frame)
                    del batch  # nothing is held in silence
        except OwnerLost as lost:
            encoder.end = dict(end_of_lost(lost))
        finally:
            self._opening = None

    async def _begin(self, opening: Opening) -> None:
        """From here on it may be cancelled, and is, where somebody wanted that before."""
        self._opening, self.is_starting = opening, False
        if self._is_gone():
            raise SocketGone
        if self._cancelled:
            await self.cancel()

    async def _end(self, opening: Opening, encoder: StreamEncoder) -> JsonObject:
        """How the latest run ended; where there was nothing to read of it, as the thread has it."""
        if encoder.end is not None:
            return end_of(encoder.end)
        threads = self._session.runtime.threads
        records = await threads.read(opening.thread_id, self._session.caller)
        ends = [each.event for each in records if each.event["type"] in TERMINAL]
        return end_of(ends[-1]) if ends else {"outcome": "success"}

    async def _next(
        self, opening: Opening, encoder: StreamEncoder, end: JsonObject
    ) -> Opening | None:
        """The run in which the agent goes on, when the client has carried out all that it was given
        to; None where it was given nothing, or somebody else has answered.
        """
        may_wait = encoder.calls or opening.run_id is None
        if not (opening.terms.tools and may_wait and end["outcome"] == "success"):
            return None
        waiting = _waiting(await self._folded(opening), opening.terms.tools)
        for call in waiting:
            if call["id"] not in encoder.calls:
                await self._outlet.send(encoder.call(call))
        await self._answers({call["id"] for call in waiting})
        self.is_starting = True
        folded = await self._folded(opening)
        still = [each["id"] for each in _waiting(folded, opening.terms.tools)]
        results = [self._results[each] for each in still if each in self._results]
        return await gone_on(self._session, opening, folded, results) if results else None

    async def _folded(self, opening: Opening) -> Fold:
        threads, caller = self._session.runtime.threads, self._session.caller
        return await folded_thread(threads, opening.thread_id, caller)

    async def _answers(self, calls: Set[str]) -> None:
        """Return when each of these calls has been answered."""
        while not self._results.keys() >= calls:
            self._answered.clear()
            await self._answered.wait()


def _waiting(folded: Fold, tools: Collection[str]) -> list[JsonObject]:
    """The calls of these tools that nobody has answered since the user's latest message."""
    recent = set[str]()
    for message in reversed(folded.shared_messages):
        if message["role"] == "user":
            break
        recent |= {call["id"] for call in message.get("toolCalls") or ()}
    calls = folded.open_tool_calls
    return [each for each in calls if each["id"] in recent and each["function"]["name"] in tools]
