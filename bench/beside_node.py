"""Tells what was measured of Node's server and of ours, side by side."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Protocol

from bench.rig import Line, Results, verdict
from bench.tables import Table

COLUMNS = (
    *("node", "ours", "ratio", "of rounds", "goal"),
    *("s node", "s ours", "first node", "first ours"),
)


class Judged(Line, Protocol):
    """A line whose ratio of CPU, ours to Node's, has a goal by its kind."""

    @property
    def kind(self) -> str: ...


def tell(
    title: str,
    lines: Sequence[Judged],
    goals: Mapping[str, float],
    results: Results,
    options: argparse.Namespace,
) -> None:
    """Medians of CPU, with the least and the greatest ratio of a round, of the time of the whole
    load, and of that to the first part.
    """
    table = Table(title, COLUMNS)
    for line in lines:
        node, ours = results[line.name, "node"], results[line.name, "ours"]
        ratio, goal = median(ours.cpu) / median(node.cpu), goals[line.kind]
        ratios = [mine / theirs for mine, theirs in zip(ours.cpu, node.cpu, strict=True)]
        table.add(
            line.name,
            *(median(node.cpu), median(ours.cpu), ratio),
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            f"<= {goal:.2f}: {verdict(ratio <= goal)}",
            *(median(node.wall), median(ours.wall)),
            *(median(node.first_part), median(ours.first_part)),
        )
    table.show(options)


def read_options(name: str, about: str | None) -> argparse.Namespace:
    """What such a bench is asked for on its command line."""
    parser = argparse.ArgumentParser(prog=f"scripts.py bench {name}", description=about)
    parser.add_argument("--rounds", type=int, default=5, help="of which medians are taken")
    parser.add_argument("--only", default="", help="scenarios whose name contains this")
    Table.add_options(parser)
    return parser.parse_args()
