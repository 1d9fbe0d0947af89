"""The seam for measuring recurring runs: of those that could not be started, no run knows."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from agui_runtime.core.schedules import Fired


@runtime_checkable
class ScheduleMeter(Protocol):
    """A hook that is one, too, is told of firings of this process. Be quick, and raise nothing."""

    def schedule_fired(self, fired: Fired) -> None:
        """This became of a firing."""
