"""What stores cost, one beside the other; then many runs at once on one worker over each, and many
readers who come back at once to one run.

The clocks of agent and client are the same, so that each word tells how late it is. What is printed
beside: the time that server and database had a processor, and the machine's load.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from time import monotonic
from urllib.request import Request
from uuid import uuid4

from bench.backing import STORES, Backing, backing
from bench.idleness import watched
from bench.rig import Server, run, verdict
from bench.store_costs import tell_appends, tell_tokens
from bench.store_streams import CURSOR, asked, read, stream
from bench.store_threads import tell_threads

GOALS = {"memory": 25.0}
GOAL = 100.0
"""Milliseconds that 99 of 100 words may be late."""

AT_ONCE = 25
"""So many runs begin in a fifth of a second."""

PARTS = ("tokens", "appends", "threads", "runs", "storm")


async def runs(server: Server, store: Backing, options: argparse.Namespace) -> bool:
    """So many runs, each with its reader."""
    count, rate, seconds = options.runs, options.rate, options.seconds
    reading, words = [], rate * seconds
    before, load = server.cpu_seconds + store.cpu_seconds, os.getloadavg()[0]
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
    cpu = (server.cpu_seconds + store.cpu_seconds - before) / (count * words) * 1e6
    goal = GOALS.get(store.name, GOAL)
    print(
        f"{server.name:8} {count} runs of {rate}/s: late p50 {percent[49]:.0f} ms, p99"
        f" {percent[98]:.0f} ms, at most {max(late):.0f} ms; {lost} words lost, {broken} runs"
        f" broken; {cpu:.0f} us of CPU a word; load {load:.1f} -> {os.getloadavg()[0]:.1f};"
        f" goal of {goal:.0f} ms {verdict(percent[98] <= goal)}"
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


def many(stores: Sequence[Backing], options: argparse.Namespace) -> bool:
    """Many runs, and many readers, over one store after the other."""
    command, whole = [sys.executable, "-m", "agui_runtime", "serve", "--port"], True
    for each in stores:
        env = {"AGUI_APP": "bench.stores_app:runtime", "AGUI_LOG_LEVEL": "warning"}
        env["AGUI_STORE"] = each.url
        with run(each.name, command, env, Request("http://127.0.0.1/healthz")) as server:
            if "runs" in options.parts:
                whole &= asyncio.run(runs(server, each, options))
            if "storm" in options.parts:
                whole &= asyncio.run(storm(server, options.readers))
    return whole


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES)
    parser.add_argument("--rounds", type=int, default=5, help="of tokens and appends")
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--rate", type=int, default=20, help="words a second")
    parser.add_argument("--seconds", type=int, default=15, help="how long a run talks")
    parser.add_argument("--readers", type=int, default=2000)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    whole = True
    with TemporaryDirectory() as folder, ExitStack() as stack:
        stores = [backing(name, Path(folder), stack) for name in options.stores]
        if "tokens" in options.parts:
            whole &= tell_tokens(stores, options.rounds)
        if "appends" in options.parts:
            tell_appends(stores, options.rounds)
        if "threads" in options.parts:
            whole &= tell_threads(stores)
        whole &= many(stores, options)
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(watched(main))
