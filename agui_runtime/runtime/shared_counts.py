"""Where a runtime counts: in its store, with all processes over it, or else for itself."""

from __future__ import annotations

from collections.abc import Callable
from time import time

from agui_runtime.stores.base import Counters, Counting, Places, Store
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory.counters import MemoryCounters
from agui_runtime.stores.memory.places import MemoryPlaces


class OwnCounts:
    """Those of one process."""

    def __init__(self) -> None:
        self.counters = MemoryCounters(time)
        self.places = MemoryPlaces()


class SharedCounts:
    """`store` is called each time: a runtime may be given another one before it is opened."""

    def __init__(self, store: Callable[[], Store]) -> None:
        self._store = store
        self._own = OwnCounts()
        self._known: tuple[Store | None, Counting] = (None, self._own)

    def counters(self) -> Counters:
        return self._counting().counters

    def places(self) -> Places:
        return self._counting().places

    def _counting(self) -> Counting:
        """Remembered, as looking whether a store can count takes longer than to count."""
        store = self._store()
        if self._known[0] is not store:
            below = undelegated(store)
            self._known = store, below if isinstance(below, Counting) else self._own
        return self._known[1]
