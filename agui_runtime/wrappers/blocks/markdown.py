"""Blocks as texts, for readers who know no activities: a table, or a line that says what there is.
Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from agui_runtime.core.jsontext import Json

MOST_ROWS = 50
"""So many rows of a table are written; the number of the others is said."""

MOST_POINTS = 12
"""A chart of more rows is one line."""

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#!~])")


def summary(kind: str, title: object = None) -> str:
    """The line that stands for a block: `[chart: Sales]`."""
    named = f"{kind}: {title}" if title else kind
    return f"[{' '.join(named.split())}]"


def table(title: str | None, headers: Sequence[object], rows: Sequence[Sequence[object]]) -> str:
    """A table, as GitHub writes them."""
    lines = [
        *([f"**{escaped(title)}**", ""] if title else []),
        _row(headers),
        "|" + " --- |" * len(headers),
        *map(_row, rows[:MOST_ROWS]),
    ]
    if len(rows) > MOST_ROWS:
        lines += ["", f"… and {len(rows) - MOST_ROWS} more rows"]
    return "\n".join(lines)


def chart(content: Mapping[str, Json]) -> str:
    """The numbers of a small chart, a line for a large one."""
    rows = content["data"]
    title = content.get("title") or f"A {content['chartType']} chart"
    labels = {name: each.get("label") or name for name, each in content["config"].items()}
    x_key = content.get("xKey")
    columns = [*([x_key] if x_key else []), *(name for name in labels if name in rows[0])]
    if len(rows) <= MOST_POINTS:
        headers = [labels.get(name, name) for name in columns]
        return table(title, headers, [[row.get(name) for name in columns] for row in rows])
    drawn = ", ".join(str(labels.get(name, name)) for name in columns[1:] or columns)
    return f"**{escaped(title)}**: {escaped(drawn)}, {len(rows)} points"


def timeline(content: Mapping[str, Json]) -> str:
    """A list of dates and what happened then."""
    entries = content["entries"]
    title = content.get("title")
    lines = [f"- {escaped(each['date'])}: {escaped(each['title'])}" for each in entries[:MOST_ROWS]]
    if len(entries) > MOST_ROWS:
        lines.append(f"- … and {len(entries) - MOST_ROWS} more")
    return "\n".join([*([f"**{escaped(title)}**", ""] if title else []), *lines])


def entity(content: Mapping[str, Json]) -> str:
    """The scalars of a record."""
    lines = [
        f"- {escaped(name)}: {escaped(value)}"
        for name, value in list(content["data"].items())[:MOST_ROWS]
        if not isinstance(value, dict | list)
    ]
    return "\n".join([f"**{escaped(content['kind'])} {escaped(content['id'])}**", "", *lines])


def escaped(value: object) -> str:
    """Words that markdown changes nothing of, in one line."""
    text = "" if value is None else str(value)
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _row(cells: Sequence[object]) -> str:
    return "| " + " | ".join(map(escaped, cells)) + " |"
