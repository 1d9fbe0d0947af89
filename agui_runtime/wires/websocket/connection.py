"""One WebSocket that speaks `agui-mux.1`, from its first frame to its close."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NoReturn, TypeAlias

from agui_runtime.core.errors import AguiError, InvalidInput, TooLarge, TooManyRequests
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.log_lines import logger_of
from agui_runtime.core.observation import note_refusal
from agui_runtime.wires.shared.expiry import while_known
from agui_runtime.wires.shared.http import log_failure
from agui_runtime.wires.shared.sockets import (
    TOO_BIG,
    Socket,
    SocketClosing,
    SocketGone,
    SocketLimits,
)
from agui_runtime.wires.websocket.client_frames import (
    KINDS,
    Addressed,
    Cancel,
    Frame,
    Hello,
    Pong,
    ToolResult,
)
from agui_runtime.wires.websocket.data import ANSWERS
from agui_runtime.wires.websocket.errors import (
    OutOfOrder,
    RequestNotOpen,
    RequestOpen,
    Subject,
    error_frame,
)
from agui_runtime.wires.websocket.outlet import Outlet
from agui_runtime.wires.websocket.reading import FrameRefused, frame_in, subject_in
from agui_runtime.wires.websocket.session import Session
from agui_runtime.wires.websocket.stream import Stream

logger = logger_of(__name__)

PROTOCOL = "agui-mux.1"

SILENT, TOO_LATE = 4499, 4408
"""Codes of closing: no answer to a ping, and no first frame in time."""

Introduce: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Session]]
"""From what the first frame brings to who is there; raises what `authenticate` does."""


class Connection:
    """Requests are answered side by side, each in a task of its own; a frame that cannot be obeyed
    is answered with an error, and the socket goes on.
    """

    def __init__(self, socket: Socket, limits: SocketLimits, introduce: Introduce) -> None:
        self._socket = socket
        self._limits = limits
        self._introduce = introduce
        self._outlet = Outlet(socket)
        self._open: dict[str, Stream | None] = {}
        self._tasks: dict[asyncio.Task[None], Stream | None] = {}
        self._is_gone = asyncio.Event()

    async def serve(self) -> None:
        """Talk until either side ends the connection; runs that were started go on. Raises
        SocketClosing where the server is to close it, and what `introduce` does.
        """
        try:
            session, first = await self._introduced()
            async with while_known(session.caller):
                await self._listen(session, first)
        except (SocketGone, OSError):
            return
        finally:
            await self._hang_up()

    async def refuse(self, error: Exception, about: Subject) -> None:
        """Send the error as a frame; raises OSError where the client is gone."""
        is_open = about.request_id in self._open
        await self._outlet.send(_refusal(error, about, is_open=is_open))

    async def _introduced(self) -> tuple[Session, Frame]:
        try:
            async with asyncio.timeout(self._limits.init):
                first = await self._next()
        except TimeoutError:
            raise SocketClosing(TOO_LATE, "no frame came in time") from None
        hello = first.model_dump() if isinstance(first, Hello) else {}
        return await self._introduce(hello), first

    async def _listen(self, session: Session, first: Frame) -> NoReturn:
        if isinstance(first, Hello):
            await self._outlet.send(_greeting(self._limits))
            first = await self._next()
        while True:
            try:
                self._obey(session, first)
            except AguiError as error:
                await self.refuse(error, _subject(first))
            first = await self._next()

    async def _next(self) -> Frame:
        """The client's next frame but pings and pongs; what is none is answered here."""
        while True:
            try:
                frame = frame_in(await self._message())
            except FrameRefused as refused:
                await self.refuse(refused.cause, refused.about)
                continue
            if frame.type == "ping":
                await self._outlet.send({"type": "pong"})
            elif not isinstance(frame, Pong):
                return frame

    async def _message(self) -> object:
        """Raises FrameRefused for what cannot be read."""
        text = await self._text()
        if text is None:
            raise FrameRefused(InvalidInput("frames are text, not binary"), Subject())
        try:
            return await self._socket.parsed(text)
        except SocketClosing as unread:
            kind = TooLarge if unread.code == TOO_BIG else InvalidInput
            raise FrameRefused(kind(unread.reason), subject_in(text)) from None

    async def _text(self) -> str | None:
        seconds = self._limits.keep_alive
        try:
            return await self._socket.text(seconds)
        except TimeoutError:
            await self._outlet.send({"type": "ping"})
        try:
            return await self._socket.text(seconds)
        except TimeoutError:
            raise SocketClosing(SILENT, "a ping was not answered") from None

    def _obey(self, session: Session, frame: Frame) -> None:
        if isinstance(frame, Hello):
            raise OutOfOrder("hello: it is the first frame of a socket, or there is none")
        assert isinstance(frame, Addressed)
        if isinstance(frame, ToolResult):
            self._stream(frame).answer(frame)
        elif isinstance(frame, Cancel):
            self._go(self._cancel(frame, self._stream(frame)))
        else:
            self._begin(session, frame)

    def _stream(self, frame: Addressed) -> Stream:
        """That of the frame's request; raises RequestNotOpen."""
        found = self._open.get(frame.request_id)
        if found is None:
            raise RequestNotOpen(frame.request_id)
        return found

    def _begin(self, session: Session, frame: Addressed) -> None:
        """Raises RequestOpen and TooManyRequests."""
        if frame.request_id in self._open:
            raise RequestOpen(frame.request_id)
        if len(self._open) >= self._limits.operations:
            most = self._limits.operations
            raise TooManyRequests(f"{most} requests are open on this socket, the most allowed")
        if frame.type in KINDS:
            stream, answer = None, self._answer(session, frame)
        else:
            stream = Stream(session, frame, self._outlet, self._is_gone.is_set)
            answer = stream.serve()
        self._open[frame.request_id] = stream
        self._go(self._work(frame, answer), stream)

    async def _answer(self, session: Session, frame: Addressed) -> JsonObject:
        with session.server.places.place(session.caller.owner):
            kind = str(getattr(frame, "kind", ""))
            about = {"type": "data_response", "request_id": frame.request_id, "kind": kind}
            return {**about, "data": await ANSWERS[kind](session, frame)}

    async def _work(self, frame: Addressed, answer: Awaitable[JsonObject]) -> None:
        """Send the last frame of a request; when the client has it, the id is free again."""
        try:
            last = await self._outcome(frame, answer)
            await self._outlet.send(last)
        except (SocketGone, OSError):
            return

    async def _outcome(self, frame: Addressed, answer: Awaitable[JsonObject]) -> JsonObject:
        try:
            return await answer
        except (SocketGone, OSError):
            raise
        except Exception as error:  # noqa: BLE001  # a wire's edge
            return _refusal(error, _subject(frame), is_open=False)
        finally:
            del self._open[frame.request_id]

    async def _cancel(self, frame: Addressed, stream: Stream) -> None:
        try:
            await stream.cancel()
        except OSError:
            return
        except Exception as error:  # noqa: BLE001  # a wire's edge
            await self.refuse(error, _subject(frame))

    def _go(self, work: Coroutine[Any, Any, None], stream: Stream | None = None) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = stream
        task.add_done_callback(self._tasks.pop)

    async def _hang_up(self) -> None:
        """End the streams; a run that is being started, and a change, come to their end first."""
        self._is_gone.set()
        for task, stream in self._tasks.items():
            if stream is not None and not stream.is_starting:
                task.cancel()
        if self._tasks:
            await asyncio.wait(list(self._tasks))


def _refusal(error: Exception, about: Subject, *, is_open: bool) -> JsonObject:
    if getattr(error, "status", 500) >= 500:
        log_failure(logger, error)
    note_refusal(error)
    return error_frame(error, about, is_open=is_open)


def _subject(frame: Frame) -> Subject:
    """What else a hello has is for `authenticate`, also what it calls `request_id`."""
    return Subject(frame.request_id if isinstance(frame, Addressed) else None, frame.type)


def _greeting(limits: SocketLimits) -> JsonObject:
    """What a client may do on this socket."""
    about = {"type": "hello", "protocol": PROTOCOL, "requests": limits.operations}
    return {**about, "frame_bytes": limits.message, "ping_seconds": limits.keep_alive}
