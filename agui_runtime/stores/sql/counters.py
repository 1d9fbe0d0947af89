"""`Counters` for all processes over one database, and what runs took by its own sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from agui_runtime.core.figures import Cost, Tokens
from agui_runtime.core.outcomes import UNKNOWN_CODE, Counted, Tally
from agui_runtime.core.totals import DAY, Totals, Usage, UsageBy, day_of
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.rows import Row, decimal_of
from agui_runtime.stores.sql.step import Step


class SqlCounters:
    """A row for each sum."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def add(self, key: str, amount: int, seconds: float) -> int:
        return await self._backend.change(partial(_add, key, amount, seconds))

    async def sums(self, keys: Sequence[str]) -> Sequence[int]:
        return await self._backend.look(partial(_sums, keys))


def forget() -> Step[None]:
    """Delete the sums that are forgotten."""
    yield statements.FORGET_COUNTERS, {}


def usage(owner: str | None, since: float, by: UsageBy) -> Step[Sequence[Usage]]:
    """What the runs took that began since then and have ended, by key and the name of prices."""
    wanted = {"owner": owner or "", "any_owner": owner is None, "since": since}
    rows = yield statements.USAGE[by], wanted
    return [_usage(row, by) for row in rows]


def tallies(owner: str | None, since: float, by: UsageBy) -> Step[Sequence[Tally]]:
    """How many of these runs took how long, and with which errors they failed."""
    wanted = {"owner": owner or "", "any_owner": owner is None, "since": since}
    found: list[Tally] = []
    for of, statement in statements.TALLIES[by].items():
        rows = yield statement, wanted
        found += [_tally(row, of, by) for row in rows if row["value"] is not None]
    return found


def _add(key: str, amount: int, seconds: float) -> Step[int]:
    rows = yield statements.COUNT_UP, {"id": key, "amount": amount, "seconds": seconds}
    return int(rows[0]["amount"])


def _sums(keys: Sequence[str]) -> Step[Sequence[int]]:
    rows = yield statements.COUNTED, {"ids": list(keys)}
    found: Mapping[str, int] = {row["id"]: row["amount"] for row in rows}
    return [int(found.get(key, 0)) for key in keys]


def _key(row: Row, by: UsageBy) -> str | None:
    key = row["key"]
    return day_of(int(key) * DAY) if by == "day" else key


def _tally(row: Row, of: Counted, by: UsageBy) -> Tally:
    value = row["value"]
    shown = (value or UNKNOWN_CODE) if of == "failure" else int(value)
    return Tally(_key(row, by), of, shown, int(row["runs"]))


def _usage(row: Row, by: UsageBy) -> Usage:
    unpriced = int(row["unpriced"])
    usd = None if row["cost"] is None else decimal_of(row["cost"])
    totals = Totals(
        runs=int(row["runs"]),
        tokens=_tokens(row),
        cost=None if unpriced or usd is None else Cost(usd, row["prices"] or ""),
        unpriced=unpriced,
        seconds=float(row["seconds"]),
    )
    return Usage(_key(row, by), totals)


def _tokens(row: Row) -> Tokens | None:
    names = ("input", "output", "cached", "cache_write", "reasoning")
    sums = [row[f"{name}_tokens"] for name in names]
    found = Tokens(*(None if each is None else int(each) for each in sums))
    return None if found == Tokens() else found
