"""`Places` of one process: they end with it, so none can lapse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class MemoryPlaces:
    """Every step is synchronous, hence atomic in one event loop."""

    lease: float | None = None

    def __init__(self) -> None:
        self._taken: dict[str, set[str]] = {}

    async def take(self, place: str, limits: Mapping[str, int]) -> str | None:
        taken = {scope: self._taken.get(scope, set()) for scope in limits}
        for scope, most in limits.items():
            if len(taken[scope] - {place}) >= most:
                return scope
        for scope in limits:
            self._taken.setdefault(scope, set()).add(place)
        return None

    async def renew(self, held: Mapping[str, Sequence[str]]) -> None:
        """There is nothing to do."""

    async def free(self, place: str, scopes: Sequence[str]) -> None:
        for scope in scopes:
            taken = self._taken.get(scope, set())
            taken.discard(place)
            if not taken:
                self._taken.pop(scope, None)
