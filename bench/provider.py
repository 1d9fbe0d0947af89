"""A model provider on loopback whose answers are made before anybody asks: `bench connectors`.

As a program it prints the address of its API and serves until it is ended. The model that is asked
for says how it answers: `burst` writes the whole answer at once, `paced` each chunk by itself.
"""

from __future__ import annotations

import asyncio
import json

CHUNKS = 1000
WORDS = [f"word{number} " for number in range(CHUNKS)]
TEXT = "".join(WORDS)

PACE = 0.001
"""Seconds between two chunks of a paced answer, so that each is read by itself."""

COUNTS = {"prompt_tokens": 8, "completion_tokens": CHUNKS, "total_tokens": CHUNKS + 8}

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"


def _choice(delta: dict[str, str], reason: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
    return _chunk(choices=[choice], usage=None)


def _chunk(**fields: object) -> bytes:
    """One as OpenAI sends it, in a chunk of HTTP."""
    value = {
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT",
        "object": "chat.completion.chunk",
        "created": 1741569952,
        "model": "gpt-4o-2024-08-06",
        "service_tier": "default",
        "system_fingerprint": "fp_44709d6fcb",
        **fields,
    }
    event = b"data: " + json.dumps(value, separators=(",", ":")).encode() + b"\n\n"
    return f"{len(event):x}\r\n".encode() + event + b"\r\n"


ANSWER = [
    _choice({"role": "assistant", "content": ""}),
    *(_choice({"content": word}) for word in WORDS),
    _choice({}, "stop"),
    _chunk(choices=[], usage=COUNTS),
    LAST,
]


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The requests of one connection."""
    try:
        while head := (await reader.readuntil(b"\r\n\r\n")).lower():
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
            body = json.loads(await reader.readexactly(length))
            writer.write(HEAD)
            await _answer(writer, body["model"])
    except (asyncio.IncompleteReadError, ConnectionError):  # the client has gone
        writer.close()


async def _answer(writer: asyncio.StreamWriter, model: str) -> None:
    if model != "paced":
        writer.write(b"".join(ANSWER))
        return
    for part in ANSWER:
        writer.write(part)
        await asyncio.sleep(PACE)


async def main() -> None:
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}/v1", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
