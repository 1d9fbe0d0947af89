"""Measures what a second process brings, and how quickly one is there:
`python3 scripts.py bench processes`.

`serve --processes 2` beside one process, over SQLite files, at the same load in turns. The load
needs the same two cores, so two things are told: what two processes do with a core each, from the
CPU that the operating system charged the busier one, and what came of it on the clock, with the
load's own CPU. Then the times until `serve` and `--version` have answered, and the memory of a
server that is ready. Exits with 1 if a word was lost; goals are told as met or missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from bench.backing import family
from bench.copilotkit import HEADERS, READY, RUN, WORDS, asked
from bench.idleness import of_children, watched
from bench.load import Load
from bench.process_starts import tell_starts
from bench.rig import Server, cpu_of, put_load, run, verdict
from bench.tables import Table

GOAL = 1.8
"""Times the words a second of one process."""

PARTS = ("processes", "starts")
KINDS = ("paced", "computing", "computing, connections kept")
"""What the agent does after a word. Requests have connections of their own, of which each process
has as many at any time; clients that keep theirs, stay with the process that took it.
"""

STREAMS, REPEAT = 64, 2
"""Clients at once, and requests of each."""

UNITS = STREAMS * REPEAT * len(WORDS)


class Cost(NamedTuple):
    """Of a word: microseconds of all processes, of the busiest, of the load, and on the clock."""

    all: float
    busiest: float
    load: float
    clock: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """A server of so many processes."""

    server: Server
    count: int

    def cost(self, kind: str, problems: list[str]) -> Cost:
        pace, *lasting = kind.split(", ")
        port, new, keep = self.server.port, asked(pace, "new"), bool(lasting)
        load = Load(port, STREAMS, REPEAT, new, HEADERS, WORDS, RUN, keep=keep)
        before, by_load = self._taken(), of_children()
        report = put_load(load)
        by_load = of_children() - by_load
        problems += (f"{self.server.name}, {kind}: {text}" for text in report["problems"])
        spent = [now - before[process] for process, now in self._taken().items()]
        whole = (sum(spent), max(spent), by_load, report["wall"])
        return Cost(*(seconds / UNITS * 1e6 for seconds in whole))

    def _taken(self) -> Mapping[int, float]:
        """Seconds that each process had a core so far."""
        return {process: cpu_of(process) for process in family(self.server.process.pid)}


def crowd(count: int, folder: Path, stack: ExitStack) -> Crowd:
    """One that ends with the stack, all of its processes."""
    command = [sys.executable, "-m", "agui_runtime", "serve"]
    command += [*(("--processes", str(count)) if count > 1 else ()), "--port"]
    env = {"AGUI_APP": "bench.app:runtime", "AGUI_LOG_LEVEL": "warning"}
    env["AGUI_STORE"] = f"sqlite:///{folder}/{count}.db"
    server = stack.enter_context(run(f"{count} processes", command, env, READY))
    stack.callback(server.process.wait)
    stack.callback(server.process.terminate)  # one that is killed leaves its processes alone
    return Crowd(server, count)


def tell_processes(options: argparse.Namespace, problems: list[str]) -> Table:
    columns = ("all", "busiest", "times", "goal", "clock", "times ", "the load")
    table = Table("us of a word by processes, with a core each and on the clock", columns)
    with TemporaryDirectory() as folder, ExitStack() as stack:
        crowds = [crowd(count, Path(folder), stack) for count in (1, 2)]
        for kind in KINDS:
            costs = _medians(crowds, kind, options.rounds, problems)
            for each, cost in costs.items():
                table.add(f"{each} of {kind}", *_cells(costs[1], cost, each))
    return table


def _medians(
    crowds: Sequence[Crowd], kind: str, rounds: int, problems: list[str]
) -> Mapping[int, Cost]:
    found: dict[int, list[Cost]] = {each.count: [] for each in crowds}
    for number in range(rounds + 1):  # the first warms up
        for each in crowds[:: 1 if number % 2 else -1]:
            cost = each.cost(kind, problems)
            if number:
                found[each.count].append(cost)
    return {count: Cost(*map(median, zip(*costs, strict=True))) for count, costs in found.items()}


def _cells(one: Cost, cost: Cost, count: int) -> Sequence[float | str]:
    times = one.busiest / cost.busiest
    goal = f">= {GOAL:g} times: {verdict(times >= GOAL)}" if count > 1 else ""
    return (cost.all, cost.busiest, times, goal, cost.clock, one.clock / cost.clock, cost.load)


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench processes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    Table.add_options(parser)
    options = parser.parse_args()
    problems: list[str] = []
    if "processes" in options.parts:
        tell_processes(options, problems).show(options)
    if "starts" in options.parts:
        tell_starts(options.rounds).show(options)
    for text in problems:
        print("WRONG:", text)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(watched(main))
