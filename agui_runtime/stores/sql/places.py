"""`Places` for all processes over one database: a row for each in each of its scopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from agui_runtime.stores.shared.places import PLACE_LEASE
from agui_runtime.stores.sql import statements
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.step import Step, Together


class SqlPlaces:
    """Whoever takes one waits for its turn in each scope, always in the same order."""

    lease: float = PLACE_LEASE

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def take(self, place: str, limits: Mapping[str, int]) -> str | None:
        return await self._backend.write(partial(_take, place, limits, self.lease))

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        places = sorted({place for places in held.values() for place in places})
        await self._backend.change(partial(_renew, places, self.lease))

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        await self._backend.change(partial(_free, place))


def forget() -> Step[None]:
    """Delete the places that lapsed long ago; in an outage one of a live process may lapse."""
    yield statements.FORGET_PLACES, {}


def _take(place: str, limits: Mapping[str, int], lease: float) -> Step[str | None]:
    yield Together([(statements.TURN, {"scope": scope}) for scope in limits])
    rows = yield statements.OPEN_PLACES, {"scopes": list(limits), "id": place}
    taken = {row["scope"]: row["taken"] for row in rows}
    for scope, most in limits.items():
        if taken.get(scope, 0) >= most:
            return scope
    values = {"id": place, "seconds": lease}
    yield Together([(statements.TAKE_PLACE, {"scope": scope, **values}) for scope in limits])
    return None


def _renew(places: Sequence[str], lease: float) -> Step[None]:
    yield statements.RENEW_PLACES, {"ids": list(places), "seconds": lease}


def _free(place: str) -> Step[None]:
    yield statements.FREE_PLACE, {"id": place}
