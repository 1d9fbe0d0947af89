"""Measures what finding a block in streamed text costs: `python3 scripts.py bench blocks`.

A chart of 22 KB comes in 5,500 deltas, larger ones in more deltas of the same length. Beside them
stands what a parse at each delta would cost. Exits with 1 if twice the size costs more than 2.3
times as much.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from time import process_time

from agui_runtime.wrappers.blocks.kinds import KINDS
from agui_runtime.wrappers.blocks.pieces import Written
from agui_runtime.wrappers.blocks.scanner import BlockScanner
from bench.idleness import watched

LENGTH = 4
"""Characters a delta."""

SIZES = (22_000, 44_000, 88_000, 176_000)
MOST = 2.3
ROUNDS = 7


def chart(size: int) -> str:
    """A chart of about so many characters, as a model writes it in its text."""
    rows: list[object] = []
    written = {"type": "chart", "chartType": "line", "config": {"sales": {}}, "data": rows}
    length = len(json.dumps(written))
    while length < size:
        row = {"day": f"day {len(rows)}", "sales": len(rows) * 1.5}
        rows.append(row)
        length += len(json.dumps(row)) + 2
    return json.dumps(written)


def deltas(text: str) -> Sequence[str]:
    return [text[at : at + LENGTH] for at in range(0, len(text), LENGTH)]


def scan(parts: Sequence[str]) -> None:
    scanner = BlockScanner(KINDS)
    pieces = [piece for part in parts for piece in scanner.feed(part)]
    if not isinstance(pieces[-1], Written):
        raise SystemExit("WRONG: the chart was not found")


def parse_at_each(parts: Sequence[str]) -> None:
    text = ""
    for part in parts:
        text += part
        try:
            json.loads(text)
        except json.JSONDecodeError:
            continue


def milliseconds(work: Callable[[Sequence[str]], None], parts: Sequence[str], rounds: int) -> float:
    """The best round: other load only adds."""
    found = []
    for _ in range(rounds):
        begun = process_time()
        work(parts)
        found.append((process_time() - begun) * 1000)
    return min(found)


def main() -> int:
    costs = []
    print(f"{'characters':>10} {'deltas':>7} {'ms':>8} {'us a delta':>11}")
    for size in SIZES:
        parts = deltas(chart(size))
        costs.append(milliseconds(scan, parts, ROUNDS))
        print(
            f"{size:>10} {len(parts):>7} {costs[-1]:>8.2f} {costs[-1] / len(parts) * 1000:>11.2f}"
        )
    naive = milliseconds(parse_at_each, deltas(chart(SIZES[0])), 1)
    print(f"a parse at each delta of {SIZES[0]} characters: {naive:.0f} ms")
    worst = max(later / earlier for earlier, later in pairwise(costs))
    print(f"twice the size costs {worst:.2f} times as much at most; allowed: {MOST}")
    return int(worst > MOST)


if __name__ == "__main__":
    sys.exit(watched(main))
