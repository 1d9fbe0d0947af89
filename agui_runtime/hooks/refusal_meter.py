"""The seam for counting requests that were refused, of which no run knows."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class RefusalMeter(Protocol):
    """A hook that is one, too, is told of its runtime's refusals. Be quick, and raise nothing."""

    def refused(self, wire: str, code: str) -> None:
        """One more request was answered with this error; `wire` is empty where none had it yet."""
