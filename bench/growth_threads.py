"""What a token and a start cost on servers that have served few threads, and on one of many."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple
from urllib.request import Request

from bench.copilotkit import HEADERS
from bench.growth_app import words
from bench.load import Load
from bench.rig import Server, put_load, run, verdict
from bench.store_streams import asked
from bench.tables import Grown, Table

STORES = ("memory", "sqlite")
SIZES = (100, 1000, 10_000)
GOAL = 1.1
"""Times what it costs after the fewest threads."""

WORDS = 200
RUNS, STREAMS = 64, 16
"""Of one measurement."""


class Cost(NamedTuple):
    """Of the server's CPU: microseconds of a token, and of a run that says one word."""

    token: float
    start: float


def tell_threads(options: argparse.Namespace, folder: Path) -> Grown:
    columns = ("token", "times", "start", "times ", "goal")
    table = Table("us of CPU on a server that has served so many threads", columns)
    grown = Grown(table, "Times what it costs at first (across: threads that were served)")
    for store in options.stores:
        costs = _costs(store, options, folder, grown.problems)
        first = costs[options.sizes[0]]
        for size, cost in costs.items():
            token, start = (now / then for now, then in zip(cost, first, strict=True))
            goal = f"<= {GOAL:g} times: {verdict(max(token, start) <= GOAL)}"
            grown.curves.setdefault(f"{store}: a token", []).append((size, token))
            grown.curves.setdefault(f"{store}: a start", []).append((size, start))
            table.add(f"{store}, {size:,}", cost.token, token, cost.start, start, goal)
    return grown


def _costs(
    store: str, options: argparse.Namespace, folder: Path, problems: list[str]
) -> Mapping[int, Cost]:
    """The medians, by how many threads the server had served."""
    with ExitStack() as stack:
        servers = {
            size: stack.enter_context(_server(store, size, folder)) for size in options.sizes
        }
        for size, server in servers.items():
            _put(server, 1, size, problems)
        found: dict[int, list[Cost]] = {size: [] for size in servers}
        for number in range(options.rounds):
            for size, server in list(servers.items())[:: 1 if number % 2 else -1]:
                found[size].append(_cost(server, problems))
    return {size: _middle(costs) for size, costs in found.items()}


def _server(store: str, size: int, folder: Path) -> AbstractContextManager[Server]:
    url = "memory:" if store == "memory" else f"sqlite:///{folder}/{size}.db"
    env = {"AGUI_APP": "bench.growth_app:runtime", "AGUI_LOG_LEVEL": "warning", "AGUI_STORE": url}
    command = [sys.executable, "-m", "agui_runtime", "serve", "--port"]
    return run(f"{store}, {size}", command, env, Request("http://127.0.0.1/healthz"))


def _cost(server: Server, problems: list[str]) -> Cost:
    start = _put(server, 1, RUNS, problems)
    whole = _put(server, WORDS, RUNS, problems)
    return Cost((whole - start) / (WORDS - 1), start)


def _put(server: Server, count: int, runs: int, problems: list[str]) -> float:
    """Microseconds of a run that says so many words, on a thread of its own."""
    path, body = "/copilotkit/agent/default/run", asked(f"{count} 0", "new")
    repeat = max(1, runs // STREAMS)
    before = server.cpu_seconds
    load = Load(server.port, STREAMS, repeat, body, HEADERS, words(count), path)
    problems += (f"{server.name}: {text}" for text in put_load(load)["problems"])
    return (server.cpu_seconds - before) / (STREAMS * repeat) * 1e6


def _middle(costs: Sequence[Cost]) -> Cost:
    return Cost(*map(median, zip(*costs, strict=True)))
