"""A run on the socket of many requests, for the benchmark of what a token costs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from bench.opcode_requests import GO

PATH = "/copilotkit/socket"


class OpenSocket:
    """A client of an ASGI app, which has opened the socket in this `scope`."""

    def __init__(self, app: Callable[..., Any], scope: Mapping[str, Any]) -> None:
        self._said: asyncio.Queue[Mapping[str, Any]] = asyncio.Queue()
        self._ended = asyncio.Event()
        self._size = 0
        self._said.put_nowait({"type": "websocket.connect"})
        self._serving = asyncio.create_task(app(scope, self._said.get, self._take))

    async def run(self) -> int:
        """The number of bytes in the frames of a run."""
        self._ended.clear()
        self._size = 0
        frame = {"type": "request", "request_id": "q", "agent": "bench", "thread_id": str(uuid4())}
        text = json.dumps({**frame, "input": {"messages": [GO]}})
        self._said.put_nowait({"type": "websocket.receive", "text": text})
        await self._ended.wait()
        return self._size

    async def close(self) -> None:
        self._said.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._serving

    async def _take(self, message: Mapping[str, Any]) -> None:
        text = message.get("text") or ""
        self._size += len(text)
        if '"type":"error"' in text:
            raise SystemExit(f"WRONG: {PATH} answers {text}")
        if text.startswith('{"type":"stream_end"'):
            self._ended.set()
