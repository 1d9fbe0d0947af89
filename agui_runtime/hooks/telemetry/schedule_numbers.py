"""What becomes of recurring runs when they are due, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from agui_runtime.core.schedules import Fired
from agui_runtime.hooks.telemetry.label_values import LabelValues

DELAYS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
"""Seconds by which runs begin later than they are due."""


class ScheduleNumbers:
    """Of this process; all processes together have the whole."""

    def __init__(self, registry: CollectorRegistry, values: LabelValues) -> None:
        self._values = values
        self._firings = Counter(
            "agui_schedule_firings",
            "Times at which schedules were due, and what became of them",
            ["outcome", "code"],
            registry=registry,
        )
        self._missed = Counter(
            "agui_schedule_missed",
            "Times at which nobody was there to fire, and which one firing stands for",
            registry=registry,
        )
        self._delays = Histogram(
            "agui_schedule_delay_seconds",
            "How late firings were",
            buckets=DELAYS,
            registry=registry,
        )

    def fired(self, fired: Fired) -> None:
        self._firings.labels(fired.outcome, self._values("code", fired.code)).inc()
        self._missed.inc(fired.firing.missed)
        self._delays.observe(max(0.0, fired.at - fired.firing.due_at))
