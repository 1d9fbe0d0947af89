"""The clocks by which stores and processes know leases, which tests set forward: a long lease lasts
however long the machine stands still.
"""

from __future__ import annotations

import asyncio
import time

import pytest

from agui_runtime.stores.shared import renewal


class Clocks:
    """Those of this process, and how far a test has set them forward."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._reads = 0
        self._elapsed = time.clock_gettime

    def __call__(self) -> float:
        """A store's."""
        return time.time() + self.ahead

    def elapsed(self, clock: int) -> float:
        """The one by which a process knows its leases."""
        self._reads += 1
        return self._elapsed(clock) + self.ahead

    async def read(self, times: int) -> None:
        """Return when that one was read so often."""
        enough = self._reads + times
        while self._reads < enough:  # noqa: ASYNC110  # in another thread
            await asyncio.sleep(0.01)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    clocks = Clocks()
    monkeypatch.setattr(time, "clock_gettime", clocks.elapsed)
    return clocks


@pytest.fixture
def busy_renewals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long leases are renewed as often as short ones."""
    monkeypatch.setattr(renewal, "RENEWALS", 600)
    monkeypatch.setattr(renewal, "LOOKS", 600)
