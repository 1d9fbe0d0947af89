"""Many runs at once on one worker, over each store; then many readers who come back at once to one.

The clocks of agent and client are the same, so that each word tells how late it is. What is printed
beside: the time that the server had a processor, and the machine's load.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, NamedTuple
from urllib.request import Request
from uuid import uuid4

from bench.rig import Server, run, verdict
from tests.stores.postgres_server import PostgresServer
from tests.stores.servers import RedisServer

GOAL = 250.0
"""Milliseconds that 99 of 100 words may be late."""

AT_ONCE = 25
"""So many runs begin in a fifth of a second."""

STORES = ("memory", "sqlite", "postgres", "redis")

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


async def runs(server: Server, count: int, rate: int, seconds: int) -> bool:
    """So many runs, each with its reader."""
    reading, words = [], rate * seconds
    before, load = server.cpu_seconds, os.getloadavg()[0]
    for number in range(count):
        body = asked(f"{words} {rate}", str(uuid4()))
        reading.append(asyncio.create_task(read(server.port, "run", body)))
        if number % AT_ONCE == AT_ONCE - 1:
            await asyncio.sleep(0.2)
    told = await asyncio.gather(*reading)
    late = [word * 1e3 for each in told for word in each.late]
    lost = count * words - len(late)
    broken = sum(each.end != "RUN_FINISHED" for each in told)
    percent = quantiles(late, n=100)
    cpu = (server.cpu_seconds - before) / (count * words) * 1e6
    print(
        f"{server.name:8} {count} runs of {rate}/s: late p50 {percent[49]:.0f} ms, p99"
        f" {percent[98]:.0f} ms, at most {max(late):.0f} ms; {lost} words lost, {broken} runs"
        f" broken; {cpu:.0f} us of CPU a word; load {load:.1f} -> {os.getloadavg()[0]:.1f};"
        f" goal of {GOAL:.0f} ms {verdict(percent[98] <= GOAL)}"
    )
    return not (lost or broken)


async def storm(server: Server, count: int) -> bool:
    """So many readers of one run, who come at once, each at a cursor of its own."""
    words, rate, cursors = 1500, 50, list[str]()
    body = asked(f"{words} {rate}", str(uuid4()))
    known = asyncio.Event()

    async def own() -> None:
        async for line in stream(server.port, "run", body):
            cursors.extend(each.decode() for each in CURSOR.findall(line))
            if len(cursors) >= words // 5:
                known.set()

    owner = asyncio.create_task(own())
    await known.wait()
    begun, places = monotonic(), list(cursors)
    readers = [read(server.port, "connect", body, places[n % len(places)]) for n in range(count)]
    told = await asyncio.gather(*readers)
    seconds = monotonic() - begun
    await owner
    served = sum(
        each.end == "RUN_FINISHED" and len(each.late) >= words - len(places) for each in told
    )
    print(
        f"{server.name:8} {served} of {count} readers served to the end of a run of"
        f" {words / rate:.0f} s, the last after {seconds:.0f} s; load {os.getloadavg()[0]:.1f}"
    )
    return served == count


def store(name: str, folder: Path, stack: ExitStack) -> str:
    """The URL of an empty store of that kind, which is there as long as the stack."""
    if name == "redis":
        redis = RedisServer(folder, "--appendonly", "yes")
        redis.start()
        stack.callback(redis.kill)
        return redis.url
    if name == "postgres":
        postgres = PostgresServer()
        stack.callback(postgres.stop)
        return postgres.database()
    return {"memory": "memory:", "sqlite": f"sqlite:///{folder}/threads.db"}[name]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--rate", type=int, default=20, help="words a second")
    parser.add_argument("--seconds", type=int, default=15, help="how long a run talks")
    parser.add_argument("--readers", type=int, default=2000, help="0: only the runs")
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    command, ready = [sys.executable, "-m", "agui_runtime", "serve", "--port"], True
    with TemporaryDirectory() as folder, ExitStack() as stack:
        for name in options.stores:
            env = {"AGUI_APP": "bench.stores_app:runtime", "AGUI_LOG_LEVEL": "warning"}
            env["AGUI_STORE"] = store(name, Path(folder), stack)
            with run(name, command, env, Request("http://127.0.0.1/healthz")) as server:
                ready &= asyncio.run(runs(server, options.runs, options.rate, options.seconds))
                if options.readers:
                    ready &= asyncio.run(storm(server, options.readers))
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
