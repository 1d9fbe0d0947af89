"""Measures what `bench simulate` calculates with: `python3 scripts.py bench scale`.

Two servers and a worker over Redis, then over PostgreSQL, are given different loads; the operating
system says what each process took of a processor. What a run, a word, a reader, a run that waits
and a process cost is what these loads differ by. A Redis Cluster tells what is one node's alone.
All is measured twice, and written to `bench/scale.json`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.backing import backing
from bench.idleness import watched
from bench.scale_cluster import cluster_costs
from bench.scale_loads import AT_ONCE, SHORT, measured, runs, waiting_runs
from bench.scale_model import COSTS, Costs
from bench.scale_world import World


def of_store(name: str, rounds: int) -> Sequence[Costs]:
    """What was measured over that store, each time."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        store = backing(name, Path(folder), stack)
        return [asyncio.run(measured(store)) for _ in range(rounds)]


def of_cluster(rounds: int) -> Sequence[Costs]:
    found = []
    for _ in range(rounds):
        with TemporaryDirectory() as folder:
            found.append(cluster_costs(Path(folder), short_runs, waiting_runs))
    return found


async def short_runs(it: World) -> None:
    await runs(it.port, SHORT, "1 1000", AT_ONCE)


MEASURES: Mapping[str, Callable[[int], Sequence[Costs]]] = {
    "redis": partial(of_store, "redis"),
    "postgres": partial(of_store, "postgres"),
    "cluster": of_cluster,
}


def tell(name: str, rounds: Sequence[Costs]) -> None:
    for cost in rounds[0]:
        shown = "  ".join(f"{each[cost]:10.2f}" for each in rounds)
        print(f"{name:9} {cost:18} {shown}", flush=True)


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(": ")[2] for line in lines if "model name" in line), "unknown")
    return f"{os.cpu_count()} cores, {model}, Python {platform.python_version()}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench scale", description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=MEASURES, default=list(MEASURES))
    parser.add_argument("--to", type=Path, default=COSTS, help="the file; default: %(default)s")
    options = parser.parse_args()
    document = json.loads(options.to.read_text()) if options.to.exists() else {}
    for name in options.only:
        loads = [os.getloadavg()[0]]
        rounds = MEASURES[name](options.rounds)
        loads.append(os.getloadavg()[0])
        tell(name, rounds)
        about = {"date": date.today().isoformat(), "machine": machine(), "load": loads}
        command = f"python3 scripts.py bench scale --only {name}"
        document[name] = {**about, "command": command, "rounds": rounds}
        options.to.write_text(json.dumps(document, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(watched(main))
