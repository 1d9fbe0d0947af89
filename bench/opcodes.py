"""Counts what a token costs, in Python's own instructions and in bytes, and compares it with
`opcodes.json`: part of `python3 scripts.py check`.

The machine, what else runs on it and the clock do not matter: time is virtual, so that a stream
takes the same turns everywhere, and instructions are counted one by one. C code (orjson, pydantic,
sqlite3) counts as the one instruction that calls it, and the event loop, which is uvloop in a
server, not at all. Instructions differ from one minor version of Python to the next, and hardly
between its patches, so they are compared only on the version that they were taken on. Of a store
with a thread of its own they vary by 2 % from one time to the next, else by less than 1 %.

`python3 scripts.py bench opcodes --update` takes the numbers anew, in the commit that explains why
they changed; `--top "agui, slow"` tells in which functions a row's instructions are.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import uuid4

from ag_ui.core import RunAgentInput
from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject
from bench.counting import Taken, counting, in_virtual_time
from bench.opcode_asgi import answered, scope_of
from bench.opcode_requests import GO, QUERIES, WIRES
from bench.opcode_socket import PATH, OpenSocket
from bench.opcode_store import through_store

NUMBERS = Path(__file__).with_suffix(".json")
TOLERANCE = 0.10
SLACK = 3.0
"""So many instructions more or less do not count either: what is loaded in the background is done
in one run or the next.
"""

RATIO = 1.2
"""So much more than on AG-UI's wire a token may cost on another one."""

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"

Query: TypeAlias = Callable[[FastAPI], Coroutine[None, None, int]]
"""Has an app answer, and returns the number of bytes in the answer."""

READERS = 10  # beside the one who began the run
SLOW = 0.02
"""Seconds between two words: longer than a frame, so that each is delivered by itself."""

Pause: TypeAlias = float | None
"""Seconds between two words: 0 only gives way, None does not even that."""

PACES: Mapping[str, Pause] = {"burst": None, "slow": SLOW}


class Cost(NamedTuple):
    """Of a row: the instructions and the bytes of a token, and the instructions of a run besides,
    0 where these are not the same each time.
    """

    token: float
    run: float
    bytes: float


# Through a wire


def talker(words: int, pause: Pause) -> Callable[[RunAgentInput], AsyncIterator[Event]]:
    async def talk(request: RunAgentInput) -> AsyncIterator[Event]:
        ids = {"messageId": f"words-{request.run_id}"}
        yield {"type": "TEXT_MESSAGE_START", **ids, "role": "assistant"}
        for _ in range(words):
            yield {"type": "TEXT_MESSAGE_CONTENT", **ids, "delta": "word "}
            if pause is not None:
                await asyncio.sleep(pause)
        yield {"type": "TEXT_MESSAGE_END", **ids}

    return talk


AGENT_ROUTES = "/api/v1/agent"
BASE = "/copilotkit"


async def through_wire(name: str, words: int, pause: Pause) -> Taken:
    path, request = WIRES[name]
    wires = ["a2a", "copilotkit_remote", "mcp", "openai"]
    agents = dict.fromkeys(("bench", "default"), talker(words, pause))
    app = create_app(CopilotRuntime(agents), wires=wires)
    return await _second(app, lambda: answered(app, path, request()))


async def with_readers(words: int) -> Taken:
    """A slow run that many others read along."""
    path, request = WIRES["agui"]
    app = create_app(CopilotRuntime({"bench": talker(words, SLOW)}))

    async def run() -> int:
        body, reading = request(), path.replace("/run", "/connect")
        running = asyncio.create_task(answered(app, path, body))
        await asyncio.sleep(SLOW)
        readers = [answered(app, reading, body) for _ in range(READERS)]
        return sum(await asyncio.gather(running, *readers))

    return await _second(app, run)


async def _second(app: FastAPI, run: Callable[[], Coroutine[None, None, int]]) -> Taken:
    """What a run takes when all is there that is made once."""
    async with app.router.lifespan_context(app):
        await run()
        with counting() as codes:
            size = await asyncio.create_task(run())
    return Taken(codes, size)


async def through_socket(words: int, pause: Pause) -> Taken:
    app = create_app(CopilotRuntime({"bench": talker(words, pause)}), wires=["websocket"])
    scope = scope_of(PATH) | {"type": "websocket", "scheme": "ws", "subprotocols": ["agui-mux.1"]}
    async with app.router.lifespan_context(app):
        socket = OpenSocket(app, scope)
        await socket.run()  # what is made once
        with counting() as codes:
            size = await asyncio.create_task(socket.run())
        await socket.close()
    return Taken(codes, size)


async def by_agent_routes(words: int, pause: Pause) -> Taken:
    """A run that one request starts and another one reads."""
    app = create_app(CopilotRuntime({"bench": talker(words, pause)}))

    async def run() -> int:
        command = {"agent": "bench", "threadId": str(uuid4()), "messages": [GO]}
        await answered(app, f"{AGENT_ROUTES}/runs", command)
        events = f"{AGENT_ROUTES}/threads/{command['threadId']}/events"
        return await answered(app, events, None, method="GET")

    return await _second(app, run)


async def asked(query: Query, times: int) -> Taken:
    """The same query so many times."""
    app = create_app(CopilotRuntime({"bench": talker(words=1, pause=None)}))
    async with app.router.lifespan_context(app):
        await of_graphql("hello")(app)  # what is loaded in the background, too
        await query(app)  # what is made once
        with counting() as codes:
            sizes = [await asyncio.create_task(query(app)) for _ in range(times)]
    return Taken(codes, sum(sizes))


def info(app: FastAPI) -> Coroutine[None, None, int]:
    return answered(app, f"{BASE}/info", None, method="GET")


def of_graphql(name: str) -> Query:
    return lambda app: answered(app, BASE, QUERIES[name])


async def after_turns(whole: bool, turns: int) -> Taken:
    """A turn on a thread of so many turns before it, of which the client sends all or none."""
    path, request = WIRES["agui"]
    asked, messages = request(), []
    app = create_app(CopilotRuntime({"bench": talker(words=1, pause=None)}))
    async with app.router.lifespan_context(app):
        for turn in range(turns):
            body = _turn(asked, turn, ())
            await answered(app, path, body)
            said = {"id": f"words-{body['runId']}", "role": "assistant", "content": "word "}
            messages += [*body["messages"], said]
        body = _turn(asked, turns, messages if whole else ())
        with counting() as codes:
            size = await asyncio.create_task(answered(app, path, body))
    return Taken(codes, size)


def _turn(asked: JsonObject, turn: int, messages: Sequence[JsonObject]) -> JsonObject:
    message = {"id": f"u{turn:04}", "role": "user", "content": "go"}
    return {**asked, "runId": str(uuid4()), "messages": [*messages, message]}


# The rows


class Row(NamedTuple):
    """A line of the table: what is counted, given a number of words.

    With threads of its own (`turns`), what is done beside the words is not the same each time: the
    least of three times counts, and the more words, the less of it falls on one. `queries` are in
    place of words, and beside them there is nothing.
    """

    name: str
    take: Callable[[int], Taken]
    turns: bool = False
    queries: bool = False

    @property
    def words(self) -> int:
        return 500 if self.turns else 10 if self.queries else 100

    def cost(self) -> Cost:
        few, many = self._least(self.words), self._least(2 * self.words)
        token = (many.codes.total() - few.codes.total()) / self.words
        run = 0 if self.turns or self.queries else few.codes.total() - self.words * token
        return Cost(round(token, 1), round(run), round((many.bytes - few.bytes) / self.words, 1))

    def _least(self, words: int) -> Taken:
        taken = [self.take(words) for _ in range(3 if self.turns else 1)]
        return min(taken, key=lambda each: each.codes.total())


def _wire_row(wire: str, pace: str, pause: Pause) -> Row:
    taking = partial(through_wire, wire, pause=pause)
    return Row(f"{wire}, {pace}", lambda words: in_virtual_time(partial(taking, words)))


def _agent_routes_row(pace: str) -> Row:
    taking = partial(by_agent_routes, pause=PACES[pace])
    return Row(f"rest, {pace}", lambda words: in_virtual_time(partial(taking, words)))


def _socket_row(pace: str) -> Row:
    taking = partial(through_socket, pause=PACES[pace])
    return Row(f"websocket, {pace}", lambda words: in_virtual_time(partial(taking, words)))


def _query_row(name: str, query: Query) -> Row:
    return Row(name, lambda times: in_virtual_time(partial(asked, query, times)), queries=True)


def _store_row(name: str, url: str, turns: bool = False) -> Row:
    return Row(f"{name} store", lambda words: asyncio.run(through_store(url, words)), turns)


ROWS: Sequence[Row] = (
    *(_wire_row(wire, pace, PACES[pace]) for pace in PACES for wire in WIRES),
    *map(_agent_routes_row, PACES),
    *map(_socket_row, PACES),
    *(_wire_row(wire, "paced", 0.0) for wire in ("agui", "graphql")),
    Row(f"agui, {READERS} readers", lambda words: in_virtual_time(partial(with_readers, words))),
    _query_row("info", info),
    *(_query_row(name, of_graphql(name)) for name in QUERIES),
    Row("past turn", lambda turns: in_virtual_time(partial(after_turns, False, turns))),
    Row("past turn, sent", lambda turns: in_virtual_time(partial(after_turns, True, turns))),
    _store_row("memory", "memory:"),
    _store_row("SQLite", "sqlite:///{folder}/threads.db", turns=True),
)


def top(name: str) -> int:
    """Tell in which functions the instructions of a row's token are."""
    row = next(each for each in ROWS if each.name == name)
    few, many = row.take(row.words).codes, row.take(2 * row.words).codes
    for code, count in (many - few).most_common(60):
        place = "/".join(code.co_filename.split("/")[-3:])
        print(f"{count / row.words:8.1f}  {place}:{code.co_firstlineno} {code.co_qualname}")
    return 0


def update() -> int:
    rows = {row.name: row.cost()._asdict() for row in ROWS}
    NUMBERS.write_text(json.dumps({"python": PYTHON, "rows": rows}, indent=2) + "\n")
    print(f"the numbers of Python {PYTHON} are in {NUMBERS.name}")
    return 0


def compare(known: Mapping[str, Any], rows: Sequence[Row] = ROWS) -> int:
    """Tell what the rows cost beside what they did; returns the exit code."""
    if known["python"] != PYTHON:
        print(f"not compared: the numbers are of Python {known['python']}, this is {PYTHON}")
        return 0
    print(f"{'':16}{'opcodes a token':>24}{'a run':>18}{'bytes a token':>18}")
    before = {row.name: Cost(**known["rows"][row.name]) for row in rows}
    now = {row.name: shown(row, before[row.name]) for row in rows}
    changed = [name for name in now if not is_unchanged(before[name], now[name])]
    if changed:
        print(f"changed by more than {TOLERANCE:.0%}: {'; '.join(changed)}. Mend it, or explain it")
        print("in the commit in which `python3 scripts.py bench opcodes --update` takes it over")
    if dear := too_dear(now):
        print(f"a token costs more than {RATIO} times what it does on AG-UI's wire: {dear}")
    return 1 if changed or dear else 0


def shown(row: Row, before: Cost) -> Cost:
    """Print the row beside what it cost before; returns what it costs."""
    now = row.cost()
    pairs = zip(before, now, strict=True)
    print(f"{row.name:16}", *(f"{old:>9g} ->{new:>7g}" for old, new in pairs))
    return now


def is_unchanged(before: Cost, now: Cost) -> bool:
    pairs = zip(before, now, strict=True)
    return all(abs(new - old) <= max(TOLERANCE * old, SLACK) for old, new in pairs)


def too_dear(costs: Mapping[str, Cost]) -> str:
    """The rows of wires whose token costs too much beside AG-UI's at the same pace."""
    pairs = [(name, f"agui, {name.partition(', ')[2]}") for name in costs]
    known = [(name, costs[other].token) for name, other in pairs if other in costs]
    return "; ".join(name for name, token in known if costs[name].token > RATIO * token)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench opcodes", description=__doc__)
    parser.add_argument("--update", action="store_true", help="take the numbers over")
    parser.add_argument("--top", choices=[row.name for row in ROWS], help="where a row spends them")
    options = parser.parse_args()
    if options.top:
        return top(options.top)
    return update() if options.update else compare(json.loads(NUMBERS.read_text()))


if __name__ == "__main__":
    sys.exit(main())
