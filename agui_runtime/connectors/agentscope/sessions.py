"""A session of an AgentScope service, over HTTP: made, written to, read, interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, nullcontext
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from agentscope.event import AgentEvent
from pydantic import TypeAdapter, ValidationError

from agui_runtime.connectors.agentscope.replay import Gap, Replay
from agui_runtime.connectors.shared.remote import RemoteServer
from agui_runtime.core import jsontext
from agui_runtime.core.errors import ProtocolFailure, RemoteFailure
from agui_runtime.core.event_stream_parser import EventStreamParser
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.log_lines import logger_of

_EVENT: TypeAdapter[AgentEvent] = TypeAdapter(AgentEvent)

logger = logger_of(__name__)

_Connection: TypeAlias = AbstractAsyncContextManager[AsyncGenerator[bytes, None]]

MOST_TRIES = 5
"""Connections after each other that bring nothing new, after which a stream is given up."""

LOST = (
    "broke off in its answer, and the rest of that can no longer be read; the agent has it in its"
    " session: ask it to say that again"
)

_HOUSEKEEPING = frozenset({"session_updated", "state_updated"})
_BREAKS = frozenset({"REMOTE_BROKEN", "REMOTE_TIMEOUT"})
_BUSY = 409
_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


class ServiceSession(NamedTuple):
    """One that exists; `agent` is the service's id of it. All raise RemoteFailure."""

    server: RemoteServer
    agent: str
    id: str

    @classmethod
    async def made(cls, server: RemoteServer, agent: str, about: JsonObject) -> ServiceSession:
        """A new session of the agent."""
        answer = await server.ask("/sessions/", {"agent_id": agent, **about})
        found = answer.get("session_id") if isinstance(answer, dict) else None
        if not isinstance(found, str):
            raise ProtocolFailure(f"{server.what} made a session without an id")
        return cls(server, agent, found)

    async def cursor(self, patience: float) -> str | None:
        """The place behind all that there is now; raises RemoteFailure with 404 for a session that
        the service does not know any more. The end of a reply that still goes on, as one does that
        was interrupted just now, is waited for so many seconds: it would be taken for that of the
        next one.
        """
        cursor = (await self._settled(patience)).get("event_cursor")
        return None if cursor is None else str(cursor)

    async def paused(self, patience: float) -> tuple[list[JsonObject], list[JsonObject]]:
        """The calls of the latest reply that wait for somebody, and the results of the others, when
        the reply has paused: each is announced by itself, and some may still follow.
        """
        messages = (await self._settled(patience)).get("messages")
        latest = messages[-1] if isinstance(messages, list) and messages else {}
        blocks: Sequence[JsonObject] = latest.get("content") or ()
        done = [
            each for each in blocks if each["type"] == "tool_result" and each["state"] != "running"
        ]
        ids = {each["id"] for each in done}
        return [each for each in blocks if _waits(each) and each["id"] not in ids], done

    async def _settled(self, patience: float) -> Mapping[str, Json]:
        limit = asyncio.get_running_loop().time() + patience
        for pause in _pauses():
            found = await self.server.ask(self._path("/messages", limit="1"), None)
            about: Mapping[str, Json] = found if isinstance(found, dict) else {}
            late = asyncio.get_running_loop().time() + pause > limit
            if about.get("is_running") is not True or late:
                break
            await asyncio.sleep(pause)
        return about

    @asynccontextmanager
    async def events(self, after: str | None) -> AsyncIterator[AsyncGenerator[AgentEvent, None]]:
        """The session's events from that place on, without end. A connection that breaks is
        followed by another one, and what came meanwhile is read there.
        """
        async with self._stream(after) as blocks, aclosing(self._steady(blocks, after)) as events:
            yield events

    async def send(self, given: JsonObject | Sequence[JsonObject], patience: float) -> None:
        """Give the agent something to go on with. A service is busy for a moment after the end of a
        reply, and then it is given again, for so many seconds.
        """
        body = {"agent_id": self.agent, "session_id": self.id, "input": given}
        limit = asyncio.get_running_loop().time() + patience
        for pause in _pauses():
            try:
                await self.server.ask("/chat/", body)
                return
            except RemoteFailure as failure:
                late = asyncio.get_running_loop().time() + pause > limit
                if failure.upstream != _BUSY or late:
                    raise
            await asyncio.sleep(pause)

    async def interrupt(self) -> None:
        """Have the agent end what it does; it says that it did."""
        await self.server.ask(self._path("/interrupt"), {})

    def _path(self, rest: str, **query: str) -> str:
        pairs = {"agent_id": self.agent, **query}
        text = "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs.items())
        return f"/sessions/{quote(self.id, safe='')}{rest}?{text}"

    def _stream(self, after: str | None) -> _Connection:
        path = self._path("/stream", **({} if after is None else {"after": after}))
        return self.server.stream(path, None, "text/event-stream")

    async def _steady(
        self, first: AsyncGenerator[bytes, None], after: str | None
    ) -> AsyncGenerator[AgentEvent, None]:
        replay, fruitless = Replay(), 0
        connection: _Connection = nullcontext(first)
        while fruitless < MOST_TRIES:
            before = replay.count
            async with connection as blocks, aclosing(self._read(blocks, replay)) as events:
                async for event in events:
                    yield event
            fruitless = 0 if replay.count > before else fruitless + 1
            await asyncio.sleep(min(_PAUSE * 2**fruitless, _LONGEST_PAUSE))
            replay.again()
            connection = self._stream(after)

    async def _read(
        self, blocks: AsyncGenerator[bytes, None], replay: Replay
    ) -> AsyncGenerator[AgentEvent, None]:
        """What is new on one connection, until that breaks."""
        parser = EventStreamParser(self.server.sizes.event)
        try:
            async for block in blocks:
                for data in parser.feed(block):
                    event = _event(data)
                    if event is not None and replay.is_new(event):
                        yield event
        except Gap:
            raise self.server.failure("BROKEN", LOST) from None
        except RemoteFailure as failure:
            if failure.code not in _BREAKS:
                raise
            logger.info("%s; it is read again", failure.message)


def _waits(block: JsonObject) -> bool:
    return block["type"] == "tool_call" and block["state"] in ("asking", "submitted")


def _pauses() -> Iterator[float]:
    """Between two attempts, without end."""
    pause = _PAUSE
    while True:
        yield min(pause, _LONGEST_PAUSE)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _event(data: bytes) -> AgentEvent | None:
    """One event; None for one of a kind that this release of AgentScope does not know, and for what
    a service says to pages of its own.
    """
    try:
        given: Mapping[str, Json] = jsontext.loads(data)
        event = _EVENT.validate_python(given)
    except (ValueError, ValidationError):
        return None
    return None if event.type == "CUSTOM" and event.name in _HOUSEKEEPING else event
