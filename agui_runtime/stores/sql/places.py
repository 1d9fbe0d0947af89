"""`Places` for all processes over one database: a row for each in each of its scopes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

from agui_runtime.stores.shared.gathering import Gathering
from agui_runtime.stores.shared.places import PLACE_LEASE
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.step import Step, Together


class Change(NamedTuple):
    """A place that is taken within these limits by scope for so long, or given back without any."""

    place: str
    limits: Mapping[str, int] | None = None
    seconds: float = 0.0


class SqlPlaces:
    """Whoever takes places waits for its turn in each scope. What a process wants at once is one
    step: else its runs would wait for each other, each over a connection of its own.
    """

    lease: float = PLACE_LEASE

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._changes = Gathering(self._change)

    async def take(
        self, place: str, limits: Mapping[str, int], seconds: float | None = None
    ) -> str | None:
        return await self._changes.put(Change(place, limits, seconds or self.lease))

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        places = sorted({place for places in held.values() for place in places})
        await self._backend.change(partial(_renew, places, self.lease))

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        await self._changes.put(Change(place))

    async def _change(self, changes: Sequence[Change]) -> Sequence[str | None]:
        """The scope that was full, for each."""
        if all(each.limits is None for each in changes):
            await self._backend.change(partial(_free, [each.place for each in changes]))
            return [None] * len(changes)
        return await self._backend.write(partial(_changed, changes))


def forget() -> Step[None]:
    """Delete the places that lapsed long ago; in an outage one of a live process may lapse."""
    yield statements.FORGET_PLACES, {}


def _changed(changes: Sequence[Change]) -> Step[Sequence[str | None]]:
    wanted = {it.place: it.limits for it in changes if it.limits is not None}
    seconds = {it.place: it.seconds for it in changes}
    scopes = _in_turn(list(wanted.values()))
    yield statements.TURNS, {"scopes": scopes}
    rows = yield statements.OPEN_PLACES, {"scopes": scopes, "ids": list(wanted)}
    taken = Counter({row["scope"]: row["taken"] for row in rows})
    full = {place: _full(limits, taken) for place, limits in wanted.items()}
    pairs = [
        (id_, scope) for id_, limits in wanted.items() if full[id_] is None for scope in limits
    ]
    if pairs:
        values = [{"id": id_, "scope": scope, "seconds": seconds[id_]} for id_, scope in pairs]
        yield Together([(statements.TAKE_PLACE, each) for each in values])
    if freed := [it.place for it in changes if it.limits is None]:
        yield from _free(freed)
    return [None if it.limits is None else full[it.place] for it in changes]


def _in_turn(wanted: Sequence[Mapping[str, int]]) -> list[str]:
    """All scopes, in the one order in which all processes wait for them: by their places in the
    limits, which end with the scope that all have.
    """
    return [scope for _, scope in sorted({pair for each in wanted for pair in enumerate(each)})]


def _full(limits: Mapping[str, int], taken: Counter[str]) -> str | None:
    """The scope that has no place; if each has one, it is counted as taken."""
    full = next((scope for scope, most in limits.items() if taken[scope] >= most), None)
    if full is None:
        taken.update(limits.keys())
    return full


def _renew(places: Sequence[str], lease: float) -> Step[None]:
    yield statements.RENEW_PLACES, {"ids": list(places), "seconds": lease}


def _free(places: Sequence[str]) -> Step[None]:
    yield statements.FREE_PLACES, {"ids": list(places)}
