"""Where a runtime counts: in its store, with all processes over it, or else for itself."""

from __future__ import annotations

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
    """Until it is to `use` a store, and with one that cannot count, a process counts for itself."""

    def __init__(self) -> None:
        self._own = OwnCounts()
        self._counting: Counting = self._own

    def use(self, store: Store) -> None:
        """Count there from now on; a runtime may be given another one before it is opened."""
        below = undelegated(store)
        self._counting = below if isinstance(below, Counting) else self._own

    def counters(self) -> Counters:
        return self._counting.counters

    def places(self) -> Places:
        return self._counting.places
