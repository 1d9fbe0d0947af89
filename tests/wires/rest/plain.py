"""A client of the agent routes that knows nothing but HTTP and event streams."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx


async def read(client: httpx.AsyncClient, address: str) -> AsyncGenerator[tuple[str, Any], None]:
    """Each event of a stream with its id, by the rules of event streams alone."""
    async with client.stream("GET", address, headers={"accept": "text/event-stream"}) as answer:
        answer.raise_for_status()
        async for frame in frames(answer):
            yield frame


async def frames(answer: httpx.Response) -> AsyncGenerator[tuple[str, Any], None]:
    """Each event of that answer with its id."""
    identity, data = "", []
    async for line in answer.aiter_lines():
        name, _, value = line.partition(":")
        if name == "id":
            identity = value.removeprefix(" ")
        elif name == "data":
            data.append(value.removeprefix(" "))
        elif not line and data:
            yield identity, json.loads("\n".join(data))
            data = []
