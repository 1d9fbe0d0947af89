"""What a turn costs on a short thread and on a long one, with us and with Node: where the client
sends the new message only, and where it sends the whole conversation.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias
from uuid import uuid4

from bench.copilotkit import READY, RUN, WORDS, asked, compared, read_answer
from bench.rig import Server, run, verdict
from bench.tables import Grown, Table

TURNS = (10, 100, 1000)
GOAL = 1.2
"""Times what a turn costs on the shortest thread."""

MEASURED = 4
"""Turns of one measurement."""

SENT = {"new message": False, "whole conversation": True}

MESSAGE = re.compile(rb'"messageId":"([^"]+)"')

Line: TypeAlias = tuple[str, str, int]
"""The server, what is sent, and the turns that there were."""


@dataclass(slots=True)
class Thread:
    """A conversation as its client has it."""

    server: Server
    id: str = field(default_factory=lambda: str(uuid4()))
    messages: list[dict[str, Any]] = field(default_factory=list)

    async def turn(self, whole: bool) -> str:
        """Ask and read the answer, or return what was wrong with it."""
        body = asked("burst", self.id)
        self.messages += body["messages"]
        if whole:
            body["messages"] = self.messages
        answer = await read_answer(self.server, RUN, body)
        found = MESSAGE.search(answer)
        if found is None or answer.count(b'"TEXT_MESSAGE_CONTENT"') != len(WORDS):
            return f"{self.server.name} lost words of a turn: {answer[-200:]!r}"
        spoken = {"id": found[1].decode(), "role": "assistant", "content": "".join(WORDS)}
        self.messages.append(spoken)
        return ""


def tell_turns(options: argparse.Namespace, folder: Path) -> Grown:
    table = Table("ms of CPU of a turn on a thread of so many turns", ("ms", "times", "goal"))
    grown = Grown(table, "Times a turn on the shortest thread (across: turns of the thread)")
    with ExitStack() as stack:
        servers = [stack.enter_context(run(name, *how, READY)) for name, how in compared().items()]
        costs = asyncio.run(_costs(servers, options, grown.problems))
    for (server, sent, turns), cost in costs.items():
        times = cost / costs[server, sent, options.turns[0]]
        goal = f"<= {GOAL:g} times: {verdict(times <= GOAL)}" if server == "ours" else ""
        table.add(f"{server}, {sent}, {turns:,}", cost, times, goal)
        grown.curves.setdefault(f"{server}: {sent}", []).append((turns, times))
    return grown


async def _costs(
    servers: Sequence[Server], options: argparse.Namespace, problems: list[str]
) -> Mapping[Line, float]:
    """The medians."""
    threads = {
        (server.name, sent, turns): await _grown(server, turns, problems)
        for server, sent, turns in product(servers, SENT, options.turns)
    }
    found: dict[Line, list[float]] = {line: [] for line in threads}
    for number in range(options.rounds):
        for line in list(threads)[:: 1 if number % 2 else -1]:
            found[line].append(await _cost(threads[line], SENT[line[1]], problems))
    return {line: median(costs) for line, costs in found.items()}


async def _grown(server: Server, turns: int, problems: list[str]) -> Thread:
    thread = Thread(server)
    for _ in range(turns):
        problems += filter(None, [await thread.turn(whole=False)])
    return thread


async def _cost(thread: Thread, whole: bool, problems: list[str]) -> float:
    before = thread.server.cpu_seconds
    for _ in range(MEASURED):
        problems += filter(None, [await thread.turn(whole)])
    return (thread.server.cpu_seconds - before) / MEASURED * 1e3
