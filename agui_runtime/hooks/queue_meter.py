"""The seam for measuring what waits for workers, of which no run knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from agui_runtime.core.queueing import QueueFigures


@runtime_checkable
class QueueMeter(Protocol):
    """A hook that is one, too, is told of its runtime's queues. Be quick, and raise nothing."""

    def queues_seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        """All queues as they are in the store of a runtime: what was said of it before is over.
        None of them are known while the store does not answer.
        """

    def run_waited(self, queue: str, seconds: float) -> None:
        """A worker of this process took up a run that waited for so long."""
