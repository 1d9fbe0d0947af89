"""`Counters` of one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

SWEPT = 1024
"""After so many additions, what is forgotten is thrown away."""


class MemoryCounters:
    """Every step is synchronous, hence atomic in one event loop."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._sums: dict[str, tuple[int, float]] = {}
        self._added = 0

    async def add(self, key: str, amount: int, seconds: float) -> int:
        found = self._sum(key) + amount
        self._sums[key] = found, self._clock() + seconds
        self._added += 1
        if self._added % SWEPT == 0:
            self._sums = {name: it for name, it in self._sums.items() if it[1] > self._clock()}
        return found

    async def sums(self, keys: Sequence[str]) -> Sequence[int]:
        return [self._sum(key) for key in keys]

    def _sum(self, key: str) -> int:
        found, until = self._sums.get(key, (0, 0.0))
        return found if until > self._clock() else 0
