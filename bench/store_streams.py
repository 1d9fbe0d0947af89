"""Readers of runs over HTTP: how late each word comes, and how a run ends. No measuring of CPU."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, NamedTuple
from uuid import uuid4

WORD = re.compile(rb'"delta":"(\d+\.\d+) "')
CURSOR = re.compile(rb"^id: (\S+)", re.MULTILINE)
END = re.compile(rb'"type":"(RUN_FINISHED|RUN_ERROR)"')


class Outcome(NamedTuple):
    """What one reader had: how late each word came, in seconds, and how the run ended."""

    late: list[float]
    end: str


def asked(text: str, thread: str) -> dict[str, Any]:
    message = {"id": str(uuid4()), "role": "user", "content": text}
    lists: dict[str, Any] = {"messages": [message], "tools": [], "context": []}
    ids = {"threadId": thread, "runId": str(uuid4()), "protocolVersion": "1.0"}
    return {**ids, "state": {}, "forwardedProps": {}, **lists}


async def stream(
    port: int, verb: str, body: dict[str, Any], after: str = ""
) -> AsyncIterator[bytes]:
    """The lines of an answer, as they come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = json.dumps(body).encode()
    resumed = f"Last-Event-ID: {after}\r\n" if after else ""
    head = (
        f"POST /copilotkit/agent/default/{verb} HTTP/1.1\r\nHost: 127.0.0.1\r\n{resumed}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    writer.write(head.encode() + content)
    try:
        async for line in reader:
            yield line
            if line == b"0\r\n":  # the last chunk
                return
    finally:
        writer.close()


async def read(port: int, verb: str, body: dict[str, Any], after: str = "") -> Outcome:
    late, end = list[float](), "none"
    async for line in stream(port, verb, body, after):
        if found := WORD.search(line):
            late.append(monotonic() - float(found[1]))
        elif last := END.search(line):
            end = last[1].decode()
    return Outcome(late, end)
