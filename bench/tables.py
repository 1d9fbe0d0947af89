"""What a bench found, line by line: for people, as Markdown for a page, as JSON for a picture."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

Cell: TypeAlias = float | str


class Table:
    """Lines of cells below a title; numbers are shown with three digits."""

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        self._title = title
        self._columns = columns
        self.lines: list[tuple[str, Sequence[Cell]]] = []

    @staticmethod
    def add_options(parser: argparse.ArgumentParser) -> None:
        """How `show` shows it."""
        parser.add_argument("--markdown", action="store_true", help="tables as pages have them")
        parser.add_argument("--json", type=Path, help="write the figures into this file, too")

    def add(self, name: str, *cells: Cell) -> None:
        self.lines.append((name, cells))

    def show(self, options: argparse.Namespace) -> None:
        """Print it; with `--json` add it to the tables of that file."""
        rows = [("", *self._columns), *((name, *map(shown, cells)) for name, cells in self.lines)]
        print(f"\n{self._title}\n")
        print(markdown(rows) if options.markdown else aligned(rows))
        if options.json:
            write(options.json, self._title, self.values())

    def values(self) -> dict[str, dict[str, Cell]]:
        """The cells by the names of line and column."""
        return {name: dict(zip(self._columns, cells, strict=True)) for name, cells in self.lines}


@dataclass(slots=True)
class Grown:
    """What was found of a figure that should not grow: its curves are drawn under the `title`, in a
    picture that holds the values `at_least`.
    """

    table: Table
    title: str
    at_least: Sequence[float] = (0.5, 2.0)
    curves: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def shown(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


def markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            [row[0].ljust(widths[0])]
            + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        )
        for row in rows
    )


def write(file: Path, title: str, values: object) -> None:
    """Add a table to the file, in place of the one of that title."""
    tables = json.loads(file.read_text()) if file.exists() else {}
    tables |= {title: values, "load": f"{os.getloadavg()[0]:.1f}"}
    file.write_text(json.dumps(tables, indent=1) + "\n")
