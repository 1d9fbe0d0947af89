"""What listings print: lines of columns for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from agui_runtime.commands.task_table import Argument
from agui_runtime.commands.terminal_text import safe
from agui_runtime.core import jsontext

JSON = Argument("--json", {"action": "store_true", "help": "as a JSON array"})


def write_row(*columns: object) -> None:
    """One line, with tabs between the columns; nothing for what is None."""
    text = "\t".join("" if each is None else str(each) for each in columns)
    sys.stdout.write((safe(text) if sys.stdout.isatty() else text) + "\n")


def write_json(value: object) -> None:
    sys.stdout.write(jsontext.dumps(value).decode() + "\n")


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
