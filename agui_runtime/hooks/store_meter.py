"""The seam for measuring what is no run: the steps of a store, and those who read from it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable


class LogReader(Protocol):
    """Somebody who follows a thread."""

    @property
    def wire(self) -> str:
        """What it speaks; empty where that is no wire."""

    @property
    def behind(self) -> int:
        """So many events of a run of this process it has not got yet."""


@runtime_checkable
class StoreMeter(Protocol):
    """A hook that is one, too, is told of its runtime's store. Be quick, and raise nothing."""

    def step_took(self, step: str, seconds: float) -> None:
        """`claim`, `append`, `release`, `load` or `save`."""

    def store_failed(self, error: Exception) -> None:
        """A step failed that should not have."""

    def events_stored(self, count: int) -> None: ...

    def lease_lost(self) -> None: ...

    def waiting(self) -> AbstractContextManager[object]:
        """Around the time for which a start waits for its thread."""

    def reading(self, reader: LogReader) -> AbstractContextManager[object]:
        """Around the time for which somebody reads."""

    def committed(self, writes: int) -> None:
        """So many writes went to the disk, or the server, as one."""
