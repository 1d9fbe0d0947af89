"""Measures what grows with what there is already: `python3 scripts.py bench growth`.

A token and a start on servers that have served few or many threads, a turn on a short and on a long
thread, an event for one and for many readers of a run; sizes take turns within each round. Servers
are charged by the operating system. Exits with 1 if a word was lost; goals are told as met or
missed.
"""

from __future__ import annotations

import argparse
import resource
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.growth_readers import READERS, tell_readers
from bench.growth_threads import SIZES, STORES, tell_threads
from bench.growth_turns import TURNS, tell_turns
from bench.idleness import watched
from bench.scale_plot import draw_curves
from bench.tables import Grown, Table

PARTS: Mapping[str, Callable[[argparse.Namespace, Path], Grown]] = {
    "threads": tell_threads,
    "turns": tell_turns,
    "readers": tell_readers,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts.py bench growth", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--stores", nargs="+", choices=STORES, default=STORES, help="of threads")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="threads served")
    parser.add_argument("--turns", nargs="+", type=int, default=TURNS)
    parser.add_argument("--readers", nargs="+", type=int, default=READERS)
    parser.add_argument("--plots", type=Path, help="draw growth-*.png into this folder")
    Table.add_options(parser)
    options = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    problems: list[str] = []
    for part in options.parts:
        with TemporaryDirectory() as folder:
            grown = PARTS[part](options, Path(folder))
        grown.table.show(options)
        problems += grown.problems
        if options.plots:
            picture = options.plots / f"growth-{part}.png"
            draw_curves(grown.curves, grown.title, picture, grown.at_least)
    for text in problems:
        print("WRONG:", text)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(watched(main))
