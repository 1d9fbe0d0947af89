"""Into which queues a worker looks, and how much it takes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agui_runtime.core.queueing import QueueFigures, older_than, queue_of


@dataclass(frozen=True, slots=True)
class Duties:
    """Of a worker of that version of the app, for runs of these queues. `figures` are those of all
    queues, as they were seen last.
    """

    queues: Sequence[str]
    slots: int
    version: str | None
    figures: Callable[[], Mapping[str, QueueFigures]]

    @property
    def own(self) -> Sequence[str]:
        """Where runs of its own version wait, and those of none, which any worker takes."""
        versioned = [queue_of(name, self.version) for name in self.queues]
        return versioned if self.version is None else [*versioned, *self.queues]

    def inherited(self) -> Sequence[str]:
        """Where runs of older versions wait for which there is no worker any more."""
        return [
            queue
            for queue, each in self.figures().items()
            if each.waiting and not each.workers and older_than(self.version, queue) in self.queues
        ]
