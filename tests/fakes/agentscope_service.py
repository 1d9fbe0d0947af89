"""An AgentScope service that plays what a test gives it, over the routes of the real one."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Events = Sequence[Mapping[str, Any]]


class FakeService:
    """Answers each chat with the next of `plays`; the last one again and again. `busy` is how often
    a chat is refused because of the reply before, as the real one does. Each of `cuts` is after how
    many events a connection ends. With `trims`, the log is cut to its newest event when a reply has
    ended. With `lingers`, a reply that is interrupted ends when its messages are read.
    """

    def __init__(
        self, *plays: Events, busy: int = 0, cuts: Sequence[int] = (), trims: bool = False
    ) -> None:
        self.plays = list(plays)
        self.busy = busy
        self.cuts = list(cuts)
        self.trims = trims
        self.streams = 0
        self.lingers = False
        self.stored: list[Mapping[str, Any]] = []
        self._lingering: list[Mapping[str, Any]] = []
        self.agents: dict[str, list[dict[str, Any]]] = {}
        self.listings = 0
        self.users: set[str | None] = set()
        self.inputs: list[Any] = []
        self.sessions: list[dict[str, Any]] = []
        self.interrupts = 0
        self.reached = asyncio.Event()
        self.interrupted = asyncio.Event()
        self._streams: defaultdict[str, list[asyncio.Queue[Mapping[str, Any]]]] = defaultdict(list)
        self._logs: defaultdict[str, list[Mapping[str, Any] | None]] = defaultdict(list)

    @property
    def app(self) -> Starlette:
        below = "/sessions/{id}"
        return Starlette(
            routes=[
                Route("/agent/", self._list),
                Route("/sessions/", self._create, methods=["POST"]),
                Route(f"{below}/messages", self._messages),
                Route(f"{below}/stream", self._stream),
                Route(f"{below}/interrupt", self._interrupt, methods=["POST"]),
                Route("/chat/", self._chat, methods=["POST"]),
            ]
        )

    async def _list(self, request: Request) -> Response:
        self.listings += 1
        found = self.agents.get(request.headers.get("x-user-id", ""), [])
        return JSONResponse({"agents": found, "total": len(found)})

    async def _create(self, request: Request) -> Response:
        self.users.add(request.headers.get("x-user-id"))
        self.sessions.append(orjson.loads(await request.body()))
        return JSONResponse({"session_id": f"s{len(self.sessions)}"}, 201)

    async def _messages(self, request: Request) -> Response:
        self.users.add(request.headers.get("x-user-id"))
        log = self._logs[request.path_params["id"]]
        cursor, running = str(len(log)), bool(self._lingering)
        self._tell(request.path_params["id"], self._lingering)
        self._lingering = []
        messages = [{"content": self.stored}]
        about = {"messages": messages, "event_cursor": cursor, "is_running": running}
        return JSONResponse(about)

    async def _stream(self, request: Request) -> Response:
        self.users.add(request.headers.get("x-user-id"))
        events: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self.streams += 1
        after = int(request.query_params.get("after", "0"))
        for event in self._logs[request.path_params["id"]][after:]:
            if event is not None:
                events.put_nowait(event)
        self._streams[request.path_params["id"]].append(events)
        last = self.cuts.pop(0) if self.cuts else None

        async def frames() -> AsyncIterator[bytes]:
            yield b": heartbeat\n\n"
            while last is None:
                yield b"data: " + orjson.dumps(await events.get()) + b"\n\n"
            for _ in range(last):
                yield b"data: " + orjson.dumps(await events.get()) + b"\n\n"

        return StreamingResponse(frames(), media_type="text/event-stream")

    async def _chat(self, request: Request) -> Response:
        body = orjson.loads(await request.body())
        if self.busy:
            self.busy -= 1
            return JSONResponse({"detail": "the session is busy"}, 409)
        self.inputs.append(body["input"])
        self._tell(body["session_id"], self.plays[0])
        if len(self.plays) > 1:
            self.plays.pop(0)
        self.reached.set()
        return JSONResponse({"status": "started", "session_id": body["session_id"]})

    async def _interrupt(self, request: Request) -> Response:
        self.interrupts += 1
        self.interrupted.set()
        if self.lingers:
            self._lingering = [ended("interrupted")]
        else:
            self._tell(request.path_params["id"], [ended("interrupted")])
        return Response(b"{}", 202, media_type="application/json")

    def _tell(self, session: str, events: Events) -> None:
        log = self._logs[session]
        for given in events:
            event = {"id": f"{session}-{len(log)}", **given}
            log.append(event)
            for stream in self._streams[session]:
                stream.put_nowait(event)
        if self.trims and log[-1] is not None and log[-1]["type"] == "REPLY_END":
            log[:-1] = [None] * (len(log) - 1)


def ended(reason: str = "completed", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"type": "REPLY_END", **_ids(), "finished_reason": reason, "session_id": "s", **more}


def said(*deltas: str) -> list[dict[str, Any]]:
    """A reply of one text."""
    block = {"block_id": "b1", **_ids()}
    texts = [{"type": "TEXT_BLOCK_DELTA", "delta": delta, **block} for delta in deltas]
    return [begun(), {"type": "TEXT_BLOCK_START", **block}, *texts]


def begun() -> dict[str, Any]:
    return {"type": "REPLY_START", "session_id": "s", "name": "helper", **_ids()}


def called(name: str, arguments: str, id_: str = "c1") -> list[dict[str, Any]]:
    """A call of a tool, without its result."""
    call = {"tool_call_id": id_, **_ids()}
    return [
        {"type": "TOOL_CALL_START", "tool_call_name": name, **call},
        {"type": "TOOL_CALL_DELTA", "delta": arguments, **call},
        {"type": "TOOL_CALL_END", **call},
    ]


def returned(text: str, id_: str = "c1", state: str = "success") -> list[dict[str, Any]]:
    call = {"tool_call_id": id_, **_ids()}
    return [
        {"type": "TOOL_RESULT_TEXT_DELTA", "delta": text, **call},
        {"type": "TOOL_RESULT_END", "state": state, **call},
    ]


def confirmation(name: str, arguments: str, id_: str = "c1") -> dict[str, Any]:
    """The question whether a tool may be called."""
    call = {"type": "tool_call", "id": id_, "name": name, "input": arguments, "state": "asking"}
    return {"type": "REQUIRE_USER_CONFIRM", "tool_calls": [call], **_ids()}


def execution(name: str, arguments: str, id_: str = "c1") -> dict[str, Any]:
    """The request that somebody outside carries out a call."""
    call = {"type": "tool_call", "id": id_, "name": name, "input": arguments, "state": "submitted"}
    return {"type": "REQUIRE_EXTERNAL_EXECUTION", "tool_calls": [call], **_ids()}


def _ids() -> dict[str, Any]:
    return {"reply_id": "r1"}
