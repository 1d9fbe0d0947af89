"""Measures what a chunk of a model's answer costs: `python3 scripts.py bench connectors`.

A provider on loopback sends answers that were made before; each library reads them by itself and
under its connector, in turns, in a process of its own whose CPU alone counts. Exits with 1 if a
word was lost; goals are told as met or missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import median
from typing import TypeAlias

from bench.connector_sides import SIDES
from bench.idleness import watched
from bench.provider import CHUNKS
from bench.rig import ROOT, verdict
from bench.tables import Table
from tests.peers.environments import environment
from tests.peers.ours import QUIET, variables

GOAL = 20.0
"""Microseconds of CPU of a chunk, by the connector that has no library below it."""

GOAL_RATIO = 1.1
"""Times what the library costs by itself."""

KINDS = ("burst", "paced")
FOREIGN = {"LangGraph": "adapters"}
"""What has a Python environment of its own, which is made when it is first wanted."""

Costs: TypeAlias = Mapping[str, Sequence[float]]
"""Microseconds of a chunk in each round, by the side."""


class Reader:
    """A process that reads the provider's answer in one way, again and again."""

    def __init__(self, library: str, side: str, url: str, kind: str) -> None:
        python = str(environment(FOREIGN[library])) if library in FOREIGN else sys.executable
        self._name = f"{library}, {side}, {kind}"
        self.missing = ""
        """Why it cannot: the library that is not there."""
        self._stack = ExitStack()
        words = [python, "-m", "bench.connector_sides", library, side, url, kind]
        self._process = subprocess.Popen(
            words,
            cwd=ROOT,
            env=self._stack.enter_context(variables())
            if library in FOREIGN
            else os.environ | QUIET,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def read(self) -> float:
        """Microseconds of CPU of a chunk of one answer; raises SystemExit where a word is lost."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.poll() is None:
            self._process.stdin.write("\n")
            self._process.stdin.flush()
        report = json.loads(self._process.stdout.readline() or '{"whole": false}')
        self.missing = report.get("missing", "")
        if not (self.missing or report["whole"]):
            raise SystemExit(f"WRONG: an answer lacks words: {self._name}")
        return float(report.get("cpu", 0.0))

    def end(self) -> None:
        self._process.kill()
        self._process.communicate()
        self._stack.close()


@contextmanager
def provider() -> Iterator[str]:
    """The address of its API."""
    words = [sys.executable, "-m", "bench.provider"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def measure(library: str, kind: str, url: str, rounds: int) -> Costs | str:
    """What each side costs, or what is missing for it."""
    costs: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        readers = {side: Reader(library, side, url, kind) for side in SIDES[library]}
        for reader in readers.values():
            stack.callback(reader.end)
        for number in range(rounds + 1):  # the first warms up
            for side, reader in list(readers.items())[:: 1 if number % 2 else -1]:
                cost = reader.read()
                if reader.missing:
                    return reader.missing
                if number:
                    costs[side].append(cost)
    return costs


def goal_of(library: str, costs: Mapping[str, float]) -> tuple[str, bool]:
    """The goal as it is told, and whether it is met."""
    if library == "OpenAIAgent":
        return f"<= {GOAL:g} us", costs["ours"] <= GOAL
    return f"<= {GOAL_RATIO:g} times", costs["ours"] / costs["bare"] <= GOAL_RATIO


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench connectors", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--only", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    Table.add_options(parser)
    options = parser.parse_args()
    table = Table(
        f"us of CPU a chunk, of answers of {CHUNKS}", ("bare", "adapter", "ours", "ratio", "goal")
    )
    with provider() as url:
        for library in options.only:
            for kind in options.kinds:
                costs = measure(library, kind, url, options.rounds)
                if isinstance(costs, str):
                    print(f"{library} is left out: {costs}")
                    break
                table.add(f"{library}, {kind}", *cells(library, costs))
    table.show(options)
    return 0


def cells(library: str, costs: Costs) -> Iterator[float | str]:
    """The line of a table."""
    medians = {side: median(found) for side, found in costs.items()}
    goal, is_met = goal_of(library, medians)
    yield medians["bare"]
    yield medians.get("adapter", "")
    yield medians["ours"]
    yield medians["ours"] / medians["bare"]
    yield f"{goal}: {verdict(is_met)}"


if __name__ == "__main__":
    sys.exit(watched(main))
