"""Whether the store takes what runs write. A full or read-only one can be read, so that whether it
answers does not tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.base import Counters

_KEY = "writes tried after one was refused"
_SECONDS = 60.0


class RefusedWrites:
    """It writes by itself only after a run could not: then each `check` tries until one can."""

    def __init__(self, counters: Callable[[], Counters]) -> None:
        self._counters = counters
        self._refused = False

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Around a write of a run."""
        try:
            yield
        except StoreUnavailable:
            self._refused = True
            raise
        self._refused = False

    async def check(self) -> None:
        """Raises StoreUnavailable if the latest write was refused, and another one is now."""
        if self._refused:
            await self._counters().add(_KEY, 1, _SECONDS)
            self._refused = False
