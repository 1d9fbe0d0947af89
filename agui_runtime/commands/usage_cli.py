"""`agui-runtime usage`: what runs took, of everybody or of one owner, from the store itself."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import get_args

from agui_runtime.commands.listing import write_json, write_line
from agui_runtime.commands.task_table import Commands
from agui_runtime.core.figures import Tokens
from agui_runtime.core.moments import moment_of
from agui_runtime.core.terminal_text import in_one_line
from agui_runtime.core.totals import Usage, UsageBy

HEADER = ("runs", "input", "output", "seconds", "usd", "unpriced")


def add_usage_command(commands: Commands) -> None:
    about = "what runs took: tokens, time, cost; of the store that AGUI_STORE or AGUI_DATA names"
    usage = commands.add_parser("usage", help="what runs took", description=about)
    usage.add_argument("--since", help="a date, or a date and time; 7 days ago when left out")
    usage.add_argument("--by", choices=get_args(UsageBy), default="model")
    usage.add_argument("--owner", help="only this owner's")
    usage.add_argument("--json", action="store_true", help="as JSON")
    usage.set_defaults(command=_usage)


def _usage(options: argparse.Namespace) -> None:
    since = None if options.since is None else moment_of(options.since, "--since")
    found = asyncio.run(_found(options.owner, since, options.by))
    if options.json:
        write_json([asdict(each) for each in found])
    else:
        for line in _table(options.by, found):
            write_line(line)


async def _found(owner: str | None, since: float | None, by: UsageBy) -> list[Usage]:
    from agui_runtime.commands.threads_cli import opened_store
    from agui_runtime.runtime.usage import usage_in
    from agui_runtime.settings import Settings

    async with opened_store(Settings.read(), made=False) as store:
        return await usage_in(store, owner, since, by)


def _table(by: str, found: Sequence[Usage]) -> Iterator[str]:
    rows = [(by, *HEADER), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]
        yield "  ".join(cells).rstrip()


def _row(usage: Usage) -> tuple[str, ...]:
    totals, tokens = usage.totals, usage.totals.tokens or Tokens()
    return (
        in_one_line(usage.key or "unknown"),
        str(totals.runs),
        str(tokens.input or 0),
        str(tokens.output or 0),
        f"{totals.seconds:.1f}",
        totals.cost.usd if totals.cost else "unknown" if totals.unpriced else "0",
        str(totals.unpriced),
    )
