"""The Responses WebSocket: many responses on one connection, in lanes.

Those of one lane (`stream_id`) are made one after the other, those of different lanes at the same
time. Each event is that of the stream over HTTP, with its lane in it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import NoReturn, TypeAlias

from agui_runtime.core import jsontext
from agui_runtime.core.errors import AguiError, TooManyRequests
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.wires.openai.errors import BadRequest, body_of, refusal_of
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.sockets import (
    TOO_BIG,
    Socket,
    SocketClosing,
    SocketGone,
    SocketLimits,
)

logger = logger_of(__name__)

POLICY, FAILED = 1008, 1011
"""Codes of closing of RFC 6455: credentials that count no more, and a fault of ours."""

LONGEST = 3600.0
"""So many seconds a client may be silent; whether it is there at all, pings find out before."""

MAX_LANE = 256
"""So many characters name a lane at most."""


class Lane:
    """Where the client's requests of one `stream_id` wait for their turn; None is the lane of those
    that name none.
    """

    def __init__(self, socket: Socket, name: str | None) -> None:
        self.waiting: deque[JsonObject] = deque()
        self._socket = socket
        self._mark: JsonObject = {} if name is None else {"stream_id": name}

    async def send(self, event: JsonObject) -> None:
        """Raises OSError where the client is gone."""
        await self._socket.write(jsontext.dumps({**event, **self._mark}))

    async def refuse(self, error: Exception) -> None:
        """Send the error as an event; of one that is not ours nothing is shown."""
        refusal = refusal_of(error)
        if refusal.is_fault:
            log_failure(logger, error)
        await self.send({"type": "error", "status": refusal.status, **body_of(error)})


Respond: TypeAlias = Callable[[Lane, JsonObject], Awaitable[None]]
"""Makes the response that an object requests, and sends its events on the lane."""


class Connection:
    """One WebSocket, already accepted."""

    def __init__(self, socket: Socket, limits: SocketLimits, respond: Respond) -> None:
        self._socket = socket
        self._limits = limits
        self._respond = respond
        self._lanes: dict[str | None, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._open = 0

    async def serve(self) -> None:
        """Talk until either side ends the connection; then nothing of it goes on."""
        try:
            await self._listen()
        except (SocketGone, OSError):
            return
        finally:
            await self._hang_up()

    async def _listen(self) -> NoReturn:
        while True:
            name = None
            try:
                body = _request(await self._read())
                name = _lane(body)
                self._enter(name, body)
            except AguiError as error:
                await Lane(self._socket, name).refuse(error)

    async def _read(self) -> Json:
        """The next message; raises BadRequest for what cannot be read, and SocketClosing."""
        try:
            return await self._socket.read(LONGEST)
        except TimeoutError:
            raise SocketClosing(POLICY, "nothing was requested for an hour") from None
        except SocketClosing as closing:
            if closing.code == TOO_BIG:
                raise
            raise BadRequest(closing.reason) from None

    def _enter(self, name: str | None, body: JsonObject) -> None:
        """Raises TooManyRequests."""
        if self._open >= self._limits.operations:
            most = self._limits.operations
            raise TooManyRequests(f"{most} responses wait on this connection, the most allowed")
        self._open += 1
        lane = self._lanes.get(name)
        if lane is not None:
            lane.waiting.append(body)
            return
        lane = self._lanes[name] = Lane(self._socket, name)
        lane.waiting.append(body)
        task = asyncio.create_task(self._work(name, lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self, name: str | None, lane: Lane) -> None:
        """Make the lane's responses, until none waits."""
        try:
            while lane.waiting:
                await self._respond(lane, lane.waiting[0])
                lane.waiting.popleft()
                self._open -= 1
        except OSError:
            return  # the connection is gone; whoever reads it notices
        finally:
            del self._lanes[name]

    async def _hang_up(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks))


def _request(message: Json) -> JsonObject:
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(message, dict) or kind != "response.create":
        raise BadRequest("type: response.create", "type", "invalid_value")
    return message


def _lane(body: Mapping[str, Json]) -> str | None:
    name = body.get("stream_id")
    if name is None or (isinstance(name, str) and 0 < len(name) <= MAX_LANE):
        return name
    message = f"stream_id: a text of at most {MAX_LANE} characters"
    raise BadRequest(message, "stream_id", "invalid_type")
