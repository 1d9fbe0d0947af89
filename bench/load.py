"""The load client: a process of its own, so that its cost is not the server's.

Reads one JSON object from stdin (see `Load`), writes one to stdout (see `Report`). It speaks raw
HTTP/1.1 and looks into the answers only when the clock has stopped.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter
from typing import Any
from uuid import uuid4

from tests.wires.agui.serving import frames
from tests.wires.graphql.comparator import Answer, outcome

JsonObject = dict[str, Any]

PREAMBLE = len("5\r\n\r\n---\r\n")  # the first delimiter, which may come as a chunk of its own


@dataclass(frozen=True, slots=True)
class Load:
    """`streams` clients at once, each of which asks `repeat` times, one after the other.

    `body` is the request; a `threadId` in it, or in its variables, is replaced by a new one each
    time, if `fresh`. `words` is what every answer must say, None for a query, whose answer must
    hold no errors. Without a body it is a GET. Answers are read as GraphQL where the path has but
    one part, else as AG-UI. Without `keep` each request has a connection of its own.
    """

    port: int
    streams: int
    repeat: int
    body: JsonObject | None
    headers: dict[str, str]
    words: list[str] | None = None
    path: str = "/copilotkit"
    fresh: bool = True
    keep: bool = True


@dataclass(slots=True)
class Report:
    """Times in seconds; `first_part` is the median from a request to its first streamed part."""

    wall: float = 0.0
    first_part: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Exchange:
    """One request's answer, as bytes."""

    head: bytes = b""
    body: bytes = b""
    first_part: float = 0.0


async def put_on(load: Load) -> Report:
    began = perf_counter()
    clients = (_client(load) for _ in range(load.streams))
    exchanges = [it for client in await asyncio.gather(*clients) for it in client]
    wall = perf_counter() - began
    return Report(
        wall=wall,
        first_part=median(it.first_part for it in exchanges),
        problems=[text for it in exchanges if (text := _problem(it, load))][:5],
    )


async def _client(load: Load) -> Sequence[Exchange]:
    """One browser."""
    if load.keep:
        return await _connected(load, load.repeat)
    return [it for _ in range(load.repeat) for it in await _connected(load, 1)]


async def _connected(load: Load, times: int) -> Sequence[Exchange]:
    """So many requests on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", load.port)
    try:
        return [await _exchange(reader, writer, load) for _ in range(times)]
    finally:
        writer.close()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, load: Load
) -> Exchange:
    request = _request(load)
    sent = perf_counter()
    writer.write(request)
    exchange = Exchange(head=(await reader.readuntil(b"\r\n\r\n")).lower())
    received = bytearray()
    while not _is_whole(exchange.head, received):
        received += await reader.read(262_144) or _cut_off()
        if not exchange.first_part and len(received) > PREAMBLE:
            exchange.first_part = perf_counter() - sent
    exchange.body = bytes(received)
    return exchange


def _request(load: Load) -> bytes:
    content = b"" if load.body is None else json.dumps(_renewed(load)).encode()
    head = {**load.headers, "Host": "127.0.0.1", "Content-Length": str(len(content))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    method = "GET" if load.body is None else "POST"
    return f"{method} {load.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


def _renewed(load: Load) -> JsonObject:
    body = load.body or {}
    if load.fresh and "threadId" in body:
        body = {**body, "threadId": str(uuid4())}
    if "data" in body.get("variables", {}):
        data = {**body["variables"]["data"], "threadId": str(uuid4())}
        body = {**body, "variables": {**body["variables"], "data": data}}
    return body


def _is_whole(head: bytes, received: bytearray) -> bool:
    if b"transfer-encoding: chunked" in head:
        return received.endswith(b"0\r\n\r\n")
    length = head.partition(b"content-length:")[2].split(b"\r\n")[0]
    return len(received) >= int(length)


def _cut_off() -> bytes:
    raise ConnectionResetError("the server closed the connection in the middle of an answer")


# After the clock has stopped


def _problem(exchange: Exchange, load: Load) -> str | None:
    """What is wrong with an answer; None if every word arrived, in order."""
    first, *lines = exchange.head.decode().strip().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    chunked = headers.get("transfer-encoding") == "chunked"
    body = _unchunked(exchange.body) if chunked else exchange.body
    if " 200" not in first:
        return f"{first}: {body[:200]!r}"
    if load.path.count("/") > 1:
        return None if load.words is None else _lost_of_events(body.decode(), load.words)
    result = outcome(Answer(200, headers, body)).result
    if result.get("errors") or "data" not in result:
        return f"errors: {result}"[:500]
    return None if load.words is None else _lost(result["data"], load.words)


def _lost_of_events(body: str, words: list[str]) -> str | None:
    found = [event for _, event in frames(body)]
    said = "".join(event.get("delta", "") for event in found)
    if said != "".join(words) or not found or found[-1]["type"] != "RUN_FINISHED":
        return f"{len(said)} characters, {len(found)} events, the last {found[-1:]}"[:500]
    return None


def _lost(data: JsonObject, words: list[str]) -> str | None:
    reply = data["generateCopilotResponse"]
    said = [message["content"] for message in reply["messages"]]
    if said != [words] or reply["status"]["code"] != "Success":
        return f"{sum(map(len, said))} of {len(words)} words, status {reply['status']}"
    return None


def _unchunked(body: bytes) -> bytes:
    whole, at = bytearray(), 0
    while size := int(body[at : (end := body.index(b"\r\n", at))], 16):
        whole += body[end + 2 : end + 2 + size]
        at = end + 4 + size
    return bytes(whole)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(put_on(Load(**json.load(sys.stdin)))))))
