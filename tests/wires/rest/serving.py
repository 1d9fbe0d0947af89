"""A server with the agent routes, as its clients see it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from tests.runtime.worlds import Scripted, text
from tests.support import client_of
from tests.wires.rest.plain import read

AT = "/api/v1/agent"
HELLO = [{"role": "user", "content": "hi"}]
INTERRUPTS = [{"id": "i1", "reason": "input_required", "message": "Shall I?"}]


def asks() -> Scripted:
    """An agent whose runs wait for an answer."""
    end = {"type": "RUN_FINISHED", "outcome": {"type": "interrupt", "interrupts": INTERRUPTS}}
    return Scripted(*text("m1", "Well"), end)


@asynccontextmanager
async def serving(agent: object, **more: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401  # of CopilotRuntime
    """A client whose base URL is that of the routes."""
    async with client_of(create_app(CopilotRuntime({"default": agent}, **more))) as client:
        client.base_url = client.base_url.join(AT)
        yield client


async def started(client: httpx.AsyncClient, **command: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    """What is answered to a run that is accepted, with `events`, where its events are."""
    answer = await client.post("/runs", json={"messages": HELLO, **command})
    assert answer.status_code == 202, answer.text
    where = client.base_url.copy_with(raw_path=answer.headers["location"].encode())
    return {**answer.json(), "events": str(where)}


async def events_at(client: httpx.AsyncClient, address: str) -> list[Event]:
    return [event async for _, event in read(client, address)]
