"""What a token and an append cost over each store: CPU of the server and of the database behind it.

All stores are there at once and take turns, so that one run compares them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median
from urllib.request import Request
from uuid import uuid4

import uvloop

from agui_runtime.core.events import Event, RunInfo
from agui_runtime.stores.base import Lease, RunEnd, Store
from agui_runtime.stores.open import open_store
from bench import copilotkit, graphql
from bench.backing import Backing
from bench.rig import Line, Server, put_load, run, verdict

TOKEN_GOALS = {"sqlite": 1.5, "postgres": 2.5, "redis": 2.5}
"""Times what a token costs over the memory store."""

APPEND_GOALS = {"sqlite": 40.0, "postgres": 90.0, "redis": 150.0}
"""Microseconds of an append of one event, by 32 runs at once."""

RUNS, WARM_UP, APPENDS = 32, 20, 200

EVENT: Event = {"type": "TEXT_MESSAGE_CONTENT", "messageId": f"m-{uuid4()}", "delta": "word "}


def tell_tokens(stores: Sequence[Backing], rounds: int) -> bool:
    """A paced token on both wires at 64 streams; whether none was lost."""
    lines: list[Line] = [
        *(line for line in graphql.scenarios() if line.name == "paced, agent, 64 streams"),
        *(line for line in copilotkit.scenarios() if line.name == "paced, 64 streams"),
    ]
    command, problems = [sys.executable, "-m", "agui_runtime", "serve", "--port"], list[str]()
    with ExitStack() as stack:
        servers = []
        for each in stores:
            env = {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}
            env["AGUI_STORE"] = each.url
            ready = Request("http://127.0.0.1/healthz")
            servers.append((stack.enter_context(run(each.name, command, env, ready)), each))
        for line in lines:
            for server, _ in servers:
                put_load(line.load(server.port))  # to warm up
            costs: dict[str, list[tuple[float, float]]] = {each.name: [] for each in stores}
            for number in range(rounds):
                for server, each in servers[:: 1 if number % 2 else -1]:
                    costs[each.name].append(_cost(server, each, line, problems))
            _tell_line(line.name, costs)
    for text in problems:
        print("WRONG:", text)
    return not problems


def _cost(server: Server, store: Backing, line: Line, problems: list[str]) -> tuple[float, float]:
    before, database = server.cpu_seconds, store.cpu_seconds
    report = put_load(line.load(server.port))
    problems += [f"{store.name}, {line.name}: {text}" for text in report["problems"]]
    ours, theirs = server.cpu_seconds - before, store.cpu_seconds - database
    return ours / line.units * 1e6, theirs / line.units * 1e6


def _tell_line(name: str, costs: dict[str, list[tuple[float, float]]]) -> None:
    base = median(map(sum, costs["memory"])) if "memory" in costs else 0.0
    for store, found in costs.items():
        ours, theirs = (median(each[place] for each in found) for place in (0, 1))
        whole = median(map(sum, found))
        spread = f"{min(map(sum, found)):.1f} to {max(map(sum, found)):.1f}"
        text = f"{name:26}{store:9}{ours:7.1f} +{theirs:6.1f} us a token, {spread:15}"
        if base and (goal := TOKEN_GOALS.get(store)):
            ratio = whole / base
            text += f" ratio {ratio:5.2f}, goal <= {goal}: {verdict(ratio <= goal)}"
        print(text)


def tell_appends(stores: Sequence[Backing], rounds: int) -> None:
    """An append of one event, and of eight, to the stores alone."""
    for size in (1, 8):
        costs: dict[str, list[tuple[float, float]]] = {each.name: [] for each in stores}
        for _ in range(rounds):
            for each in stores:
                costs[each.name].append(uvloop.run(_cost_of_appends(each, size)))
        for name, found in costs.items():
            ours, theirs = (median(each[place] for each in found) for place in (0, 1))
            whole, goal = median(map(sum, found)), APPEND_GOALS.get(name) if size == 1 else None
            text = f"append of {size}, {RUNS} runs at once  {name:9}{ours:7.1f} +{theirs:6.1f} us"
            print(text, "" if goal is None else f" goal <= {goal:g}: {verdict(whole <= goal)}")


async def _cost_of_appends(backing: Backing, size: int) -> tuple[float, float]:
    store, events = open_store(backing.url), [EVENT] * size
    await store.open()
    try:
        with ExitStack() as stack:
            leases = [await _held(store, stack) for _ in range(RUNS)]
            await asyncio.gather(*(_append(store, each, events, WARM_UP) for each in leases))
            ours, theirs = time.process_time(), backing.cpu_seconds
            await asyncio.gather(*(_append(store, each, events, APPENDS) for each in leases))
            ours, theirs = time.process_time() - ours, backing.cpu_seconds - theirs
            for each in leases:
                last: Event = {"type": "RUN_FINISHED", "runId": each.run.run_id}
                await store.log.release(each, RunEnd([last], "finished", time.time()))
    finally:
        await store.close()
    return ours / (RUNS * APPENDS) * 1e6, theirs / (RUNS * APPENDS) * 1e6


async def _held(store: Store, stack: ExitStack) -> Lease:
    """The lease of a new run on a new thread, held as long as the stack."""
    new = RunInfo(str(uuid4()), str(uuid4()), "default", "bench", time.time())
    lease = await store.log.claim(new, lambda: None)
    stack.enter_context(store.log.keep(lease, lambda: None))
    return lease


async def _append(store: Store, lease: Lease, events: Sequence[Event], times: int) -> None:
    for _ in range(times):
        await store.log.append(lease, events)
