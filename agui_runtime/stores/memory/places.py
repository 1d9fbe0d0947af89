"""`Places` of one process: they end with it, so only those lapse that were taken for a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from time import monotonic


class MemoryPlaces:
    """Every step is synchronous, hence atomic in one event loop."""

    lease: float | None = None

    def __init__(self) -> None:
        self._taken: dict[str, dict[str, float]] = {}
        """By scope, when each place lapses."""

    async def take(
        self, place: str, limits: Mapping[str, int], seconds: float | None = None
    ) -> str | None:
        now = monotonic()
        for scope, most in limits.items():
            if self._others(scope, place) >= most:
                self._drop_lapsed(scope, now)
                if self._others(scope, place) >= most:
                    return scope
        for scope in limits:
            until = inf if seconds is None else now + seconds
            self._taken.setdefault(scope, {})[place] = until
        return None

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        """There is nothing to do."""

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        for scope in scopes:
            taken = self._taken.get(scope, {})
            taken.pop(place, None)
            if not taken:
                self._taken.pop(scope, None)

    def _others(self, scope: str, place: str) -> int:
        taken = self._taken.get(scope, ())
        return len(taken) - (place in taken)

    def _drop_lapsed(self, scope: str, now: float) -> None:
        taken = self._taken.get(scope, {})
        for place in [each for each, until in taken.items() if until <= now]:
            del taken[place]
