"""Measures the AG-UI routes beside the Node runtime: `python3 scripts.py bench copilotkit`.

Both servers run the same agent, take turns at the same load, and are charged by the operating
system. Exits with 1 if a word was lost or an answer was wrong; goals are told as met or missed.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.request import Request
from uuid import uuid4

from bench import floor
from bench.beside_node import read_options, tell
from bench.idleness import watched
from bench.load import Load
from bench.rig import Server, measure, problems_of, run, verdict

WORDS = [f"word{k} " for k in range(200)]
EVENTS = len(WORDS) + 4
RUN = "/copilotkit/agent/bench/run"
CONNECT = "/copilotkit/agent/bench/connect"
INFO = "/copilotkit/info"

STREAMS = {"paced": (1, 16, 64), "burst": (1, 16, 64), "slow": (64,)}
LEAST_REQUESTS = 128  # in one measurement
QUERIES = 1600
REPLAYED_RUNS = 5  # of about 200 events each
REPLAYS = 64
READERS = 100
IDLE = 500
SETTLED = 5
"""So many looks at the memory, each half a second after the last, and it is steady."""
TURNS = (10, 100, 1000)

TITLE = "AG-UI: us of CPU an event or a request, s of the load, ms to the first part"

GOALS = {"paced": 0.15, "slow": 0.15, "burst": 0.22, "info": 0.5}
GOAL_IDLE_KILOBYTES = 30.0
GOAL_GROWTH = 1.5  # of a turn's cost, from the shortest thread to the longest
HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One line of the table. `kind` is a key of GOALS."""

    name: str
    kind: str
    units: int
    streams: int
    repeat: int

    def load(self, port: int) -> Load:
        if self.kind == "info":
            return Load(port, self.streams, self.repeat, None, HEADERS, None, INFO)
        body = asked(self.kind, "new")
        return Load(port, self.streams, self.repeat, body, HEADERS, WORDS, RUN)


def main() -> int:
    options = read_options("copilotkit", __doc__)
    lines = [it for it in scenarios() if options.only in it.name]
    if not options.only:
        tell_idle_streams()
    with ExitStack() as stack:
        servers = [stack.enter_context(run(name, *how, READY)) for name, how in commands().items()]
        results = measure(servers, lines, options.rounds)
        tell(TITLE, lines, GOALS, results, options)
        floor.tell_floor(lines, results)
        if not options.only:
            asyncio.run(tell_the_rest([each for each in servers if each.name in compared()]))
    return problems_of(results)


READY = Request(f"http://127.0.0.1{INFO}")


def commands() -> dict[str, tuple[Sequence[str], dict[str, str]]]:
    node = shutil.which("node") or "node"
    ours = (sys.executable, "-m", "agui_runtime", "serve", "--port")
    return {
        "node": ((node, "bench/node-copilotkit/server.mjs"), {"NODE_ENV": "production"}),
        floor.NAME: floor.command(),
        # Node writes no access log either.
        "ours": (ours, {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}),
    }


def compared() -> dict[str, tuple[Sequence[str], dict[str, str]]]:
    """The servers that do all that is asked; the floor only sends."""
    return {name: how for name, how in commands().items() if name != floor.NAME}


def scenarios() -> Iterator[Scenario]:
    for kind, numbers in STREAMS.items():
        for streams in numbers:
            repeat = LEAST_REQUESTS // streams
            units = streams * repeat * EVENTS
            yield Scenario(f"{kind}, {streams} streams", kind, units, streams, repeat)
    yield Scenario("info", "info", QUERIES, 16, QUERIES // 16)


def asked(kind: str, thread: str) -> dict[str, Any]:
    """A RunAgentInput; the agent does after each word what its last message says."""
    message = {"id": str(uuid4()), "role": "user", "content": kind}
    lists: dict[str, Any] = {"messages": [message], "tools": [], "context": []}
    ids = {"threadId": thread, "runId": str(uuid4())}
    return {**ids, "state": {}, "forwardedProps": {}, **lists}


# Telling


def tell_idle_streams() -> None:
    print(f"memory of {IDLE} idle streams, kB each; goal: <= {GOAL_IDLE_KILOBYTES:g}:")
    for name, how in compared().items():
        sizes = []
        for path in (CONNECT, RUN):  # each on a fresh server, which has no memory to reuse
            with run(name, *how, READY) as server:
                sizes.append(asyncio.run(size_of_idle_streams(server, path)))
        readers, runs = sizes
        print(f"  {name}: {readers:.0f}, with a run of its own {runs:.0f}: ", end="")
        print(verdict(runs <= GOAL_IDLE_KILOBYTES))
    print()


async def tell_the_rest(servers: Sequence[Server]) -> None:
    print(f"\nreplay of a thread of {REPLAYED_RUNS * EVENTS} events, CPU ms:")
    for server in servers:
        print(f"  {server.name}: {await cost_of_replay(server):.2f}")
    print(f"\none run read by {READERS} more readers, CPU us an event and reader:")
    for server in servers:
        print(f"  {server.name}: {await cost_of_readers(server):.1f}")
    print("\na turn on a thread of so many turns, CPU ms:")
    for server in servers:
        costs = await costs_of_turns(server)
        shown = ", ".join(f"{turns}: {cost:.2f}" for turns, cost in costs.items())
        growth = costs[TURNS[-1]] / costs[TURNS[0]]
        print(f"  {server.name}: {shown}; goal: grows by at most {GOAL_GROWTH}: ", end="")
        print(verdict(growth <= GOAL_GROWTH), f"({growth:.1f})")


async def cost_of_replay(server: Server) -> float:
    thread = str(uuid4())
    await _turns(server, thread, REPLAYED_RUNS)
    before = server.cpu_seconds
    body = asked("replay", thread)
    answers = [await read_answer(server, CONNECT, body) for _ in range(REPLAYS)]
    if any(answer.count(b"RUN_FINISHED") != REPLAYED_RUNS for answer in answers):
        print(f"  WRONG: {server.name} replayed less than there was")
    return (server.cpu_seconds - before) / REPLAYS * 1e3


async def cost_of_readers(server: Server) -> float:
    """Of a run that takes a second, so that all readers are there while it lasts."""
    thread = str(uuid4())
    before = server.cpu_seconds
    runner = asyncio.create_task(read_answer(server, RUN, asked("slow", thread)))
    await asyncio.sleep(0.05)
    body = asked("slow", thread) | {"messages": []}
    answers = await asyncio.gather(
        *(read_answer(server, CONNECT, body) for _ in range(READERS)), runner
    )
    whole = [answer for answer in answers if answer.count(b'"TEXT_MESSAGE_CONTENT"') == len(WORDS)]
    if len(whole) < len(answers):
        print(f"  WRONG: {len(answers) - len(whole)} readers of {server.name} lost words")
    return (server.cpu_seconds - before) / (len(answers) * EVENTS) * 1e6


async def costs_of_turns(server: Server) -> dict[int, float]:
    """The mean of the turns about that length; only what is new is sent."""
    thread, spent, costs = str(uuid4()), 0, {}
    for turns in TURNS:
        await _turns(server, thread, turns - spent)
        before = server.cpu_seconds
        await _turns(server, thread, 20)
        spent = turns + 20
        costs[turns] = (server.cpu_seconds - before) / 20 * 1e3
    return costs


async def _turns(server: Server, thread: str, count: int) -> None:
    for _ in range(count):
        await read_answer(server, RUN, asked("burst", thread))


async def size_of_idle_streams(server: Server, path: str) -> float:
    """What each stream of a run that waits adds to the resident memory: of one that all read, or,
    where `path` starts runs, of its own.
    """
    await read_answer(server, RUN, asked("burst", str(uuid4())))
    shared = asked("idle", str(uuid4()))
    streams = [await _open(server, RUN, shared)]
    before = await _settled_megabytes(server)
    for _ in range(IDLE):
        body = asked("idle", str(uuid4())) if path == RUN else shared
        streams.append(await _open(server, path, body))
    await asyncio.sleep(1)
    return (server.megabytes - before) / IDLE * 1024


async def _settled_megabytes(server: Server) -> float:
    """The memory when it has been the same for two seconds: what a server loads once it is ready,
    as ours does its GraphQL, is not the streams'.
    """
    sizes = [server.megabytes]
    while len(sizes) < SETTLED or sizes[-1] - sizes[-SETTLED] > 0.1:
        await asyncio.sleep(0.5)
        sizes.append(server.megabytes)
    return sizes[-1]


async def read_answer(server: Server, path: str, body: dict[str, Any]) -> bytes:
    begun, reader, writer = await _open(server, path, body)
    received = bytearray(begun)
    while not received.endswith(b"0\r\n\r\n"):
        received += await reader.read(262_144)
    writer.close()
    return bytes(received)


async def _open(
    server: Server, path: str, body: dict[str, Any]
) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream of which the first word has come."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=2**22)
    content = json.dumps(body).encode()
    head = {**HEADERS, "Host": "127.0.0.1", "Content-Length": str(len(content))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    writer.write(f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + content)
    return await reader.readuntil(b"word0 "), reader, writer


if __name__ == "__main__":
    sys.exit(watched(main))
