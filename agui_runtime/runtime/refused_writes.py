"""Whether the store takes what runs write. A full or read-only one can be read, so that whether it
answers does not tell.
"""

from __future__ import annotations

from collections.abc import Callable

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.stores.base import Counters

_KEY = "writes tried after one was refused"
_SECONDS = 60.0


class RefusedWrites:
    """Around each write of a run. It writes by itself only after one was refused: then each `check`
    tries until the store takes one.
    """

    def __init__(self, counters: Callable[[], Counters]) -> None:
        self._counters = counters
        self._refused = False

    def __enter__(self) -> None:
        """Nothing is to be done before."""

    def __exit__(self, kind: type[BaseException] | None, *about: object) -> None:
        if kind is None:
            self._refused = False
        elif issubclass(kind, StoreUnavailable):
            self._refused = True

    async def check(self) -> None:
        """Raises StoreUnavailable if the latest write was refused, and another one is now."""
        if self._refused:
            await self._counters().add(_KEY, 1, _SECONDS)
            self._refused = False
