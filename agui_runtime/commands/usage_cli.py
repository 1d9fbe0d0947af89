"""`agui-runtime usage`: what runs took, of everybody or of one owner, from the store itself."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import get_args

from agui_runtime.commands.task_table import Commands
from agui_runtime.core import jsontext
from agui_runtime.core.figures import Tokens
from agui_runtime.core.moments import moment_of
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
        sys.stdout.write(jsontext.dumps([asdict(each) for each in found]).decode() + "\n")
    else:
        sys.stdout.write(_table(options.by, found))


async def _found(owner: str | None, since: float | None, by: UsageBy) -> list[Usage]:
    from agui_runtime.commands.threads_cli import opened_store
    from agui_runtime.runtime.usage import usage_in
    from agui_runtime.settings import Settings

    async with opened_store(Settings.read(), made=False) as store:
        return await usage_in(store, owner, since, by)


def _table(by: str, found: Sequence[Usage]) -> str:
    rows = [(by, *HEADER), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _row(usage: Usage) -> tuple[str, ...]:
    totals, tokens = usage.totals, usage.totals.tokens or Tokens()
    return (
        usage.key or "unknown",
        str(totals.runs),
        str(tokens.input or 0),
        str(tokens.output or 0),
        f"{totals.seconds:.1f}",
        totals.cost.usd if totals.cost else "unknown" if totals.unpriced else "0",
        str(totals.unpriced),
    )
