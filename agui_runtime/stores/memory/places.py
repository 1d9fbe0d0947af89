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
        until = inf if seconds is None else now + seconds
        for scope, most in limits.items():
            if self._is_full(scope, place, most, now):
                return scope
        for scope in limits:
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

    def _is_full(self, scope: str, place: str, most: int, now: float) -> bool:
        taken = self._taken.get(scope)
        if taken is None or len(taken) < most or place in taken:
            return False
        for lapsed in [each for each, until in taken.items() if until <= now]:
            del taken[lapsed]
        return len(taken) >= most
