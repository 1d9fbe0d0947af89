"""Small words for tests that let an agent answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from itertools import groupby
from typing import Any, Protocol

import httpx
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event, Message


class Talks(Protocol):
    def run(self, request: RunAgentInput) -> AsyncIterator[Event]: ...


class Waits:
    """Stands for waiting: notes how long, and goes on at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


class Internet(httpx.AsyncBaseTransport):
    """Stands for the internet: notes each request, and answers it with these bytes."""

    def __init__(self, *blocks: bytes) -> None:
        self.requests: list[httpx.Request] = []
        self._answer = b"".join(blocks)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, content=self._answer)


def user(content: str | Sequence[dict[str, Any]], id_: str = "u1") -> Message:
    return {"id": id_, "role": "user", "content": content}


def tool(name: str) -> dict[str, Any]:
    return {"name": name, "description": f"does {name}", "parameters": {"type": "object"}}


def ask(*said: str | Message, **rest: object) -> RunAgentInput:
    """A request with these messages; a text is the user's."""
    messages = [user(item) if isinstance(item, str) else item for item in said]
    return RunAgentInput.model_validate(
        {"threadId": "t1", "runId": "r1", "messages": messages, **rest}
    )


async def all_events(agent: Talks, request: RunAgentInput) -> list[Event]:
    return [event async for event in agent.run(request)]


def text(events: Sequence[Event]) -> str:
    return "".join(e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT")


def kinds(events: Sequence[Event]) -> list[str]:
    """The types in their order, repetitions told once."""
    return [kind for kind, _ in groupby(event["type"] for event in events)]
