"""What listings print: lines of columns for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import IO

import orjson

from agui_runtime.commands.task_table import Argument
from agui_runtime.core import jsontext
from agui_runtime.core.terminal_text import in_one_line, safe, safe_json

JSON = Argument("--json", {"action": "store_true", "help": "as a JSON array"})


def write_row(*columns: object) -> None:
    """One line, with tabs between the columns; nothing for what is None. Whatever a column holds,
    it is no line or column of its own: names of threads are what clients made them.
    """
    write_line("\t".join("" if each is None else in_one_line(str(each)) for each in columns))


def write_text(head: str, text: str) -> None:
    """A row whose second column may have several lines. The others begin with a tab, so that none
    looks like a row.
    """
    for number, line in enumerate(text.splitlines() or [""]):
        write_line(f"{'' if number else in_one_line(head)}\t{line}")


def write_line(text: str) -> None:
    """As it is, except to a terminal."""
    sys.stdout.write((safe(text) if sys.stdout.isatty() else text) + "\n")


def write_json(value: object, *, indented: bool = False) -> None:
    """A terminal gets the same JSON, with escapes for what it would obey."""
    option = orjson.OPT_INDENT_2 if indented else None
    text = jsontext.dumps(value, option=option).decode()
    sys.stdout.write((safe_json(text) if sys.stdout.isatty() else text) + "\n")


def write_exported(out: IO[bytes], line: bytes) -> None:
    """A line of JSON, into a file or likewise to a terminal."""
    out.write(safe_json(line.decode()).encode() if out.isatty() else line)


def write_listing(rows: Sequence[Mapping[str, object]], header: Sequence[str], json: bool) -> None:
    """The rows under their header, or as one JSON array."""
    if json:
        write_json(rows)
        return
    write_row(*header)
    for row in rows:
        write_row(*(row[name] for name in header))


def time_of(seconds: float | None) -> str | None:
    """A time as listings show it."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
