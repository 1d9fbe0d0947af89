"""What one operation was and how long it took: its log and its trace. Measures, decides nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

logger = logging.getLogger("agui_runtime.operations")


@dataclass(slots=True)
class Trace:
    """One operation: its `kind` (query, mutation), its name, and `phases`, seconds by what took
    them: parse, validate, execute.

    A text that was seen before is neither parsed nor validated again, so that it lacks these two.
    """

    request_id: str
    kind: str = "query"
    name: str | None = None
    phases: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"request {self.request_id} {self.kind} {self.name or '(unnamed)'}"

    def add(self, phase: str, seconds: float) -> None:
        """Add to what the phase has taken."""
        self.phases[phase] = self.phases.get(phase, 0.0) + seconds

    def note(self, text: str, *values: object) -> None:
        """Write a line to the operation log, under the request and the operation."""
        logger.info(f"%s: {text}", self, *values)

    def finish(self) -> None:
        """Write the line that sums the operation up; only where debugging is switched on."""
        if logger.isEnabledFor(logging.DEBUG):
            parts = (f"{phase} {1000 * took:.1f} ms" for phase, took in self.phases.items())
            logger.debug("%s: took %s", self, ", ".join(parts))
