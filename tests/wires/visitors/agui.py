"""Clients that get AG-UI's own events: of CopilotKit's routes, and of the agent routes."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx

from agui_runtime.core.events import Event
from tests.wires.rest.plain import frames, read
from tests.wires.visitors.visitor import Client, Received, Turn, of_events

ROUTES = "/api/v1/agent"


class AguiClient(Client):
    """As a page of today."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        ids = {"threadId": turn.thread, "runId": turn.run, "protocolVersion": "1.0"}
        lists = {"messages": turn.messages, "tools": turn.tools, "context": []}
        body = {**ids, **lists, "state": {}, "forwardedProps": {}}
        if turn.answers:
            body["resume"] = turn.answers
        events: list[Event] = []
        path = "/copilotkit/agent/default/run"
        async with self._http.stream("POST", path, json=body) as answer:
            async for _, event in frames(answer):
                events.append(event)
                yield of_events(events)

    async def stop(self, received: Received) -> bool:
        answer = await self._http.post(f"/copilotkit/agent/default/stop/{received['thread']}")
        return bool(answer.json()["stopped"])


class RestClient(Client):
    """By the agent routes alone."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def send(self, turn: Turn) -> AsyncGenerator[Received]:
        if turn.answers:
            assert turn.earlier is not None
            path = f"/runs/{turn.earlier['run']}/resume"
            body = {"threadId": turn.thread, "resume": turn.answers}
        else:
            ids = {"threadId": turn.thread, "runId": turn.run}
            path, body = "/runs", {**ids, "messages": turn.messages, "tools": turn.tools}
        accepted = await self._http.post(ROUTES + path, json=body)
        assert accepted.status_code == 202, accepted.text
        events: list[Event] = []
        async for _, event in read(self._http, accepted.headers["location"]):
            events.append(event)
            yield of_events(events)

    async def stop(self, received: Received) -> bool:
        path = f"{ROUTES}/runs/{received['run']}/stop"
        answer = await self._http.post(path, json={"threadId": received["thread"]})
        return bool(answer.json()["stopped"])
