"""What waits for workers, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from agui_runtime.core.queueing import QueueFigures
from agui_runtime.hooks.telemetry.label_values import LabelValues

WAITS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)
"""Seconds for which runs wait."""


class QueueNumbers(Collector):
    """The figures are those that were read last. Several runtimes may see the same queue: the
    largest counts. It is read in the thread of whoever asks, and written in others.
    """

    def __init__(self, registry: CollectorRegistry, values: LabelValues) -> None:
        self._values = values
        self._seen: dict[int, Mapping[str, QueueFigures]] = {}
        self._waits = Histogram(
            "agui_worker_queue_wait_seconds",
            "What runs waited for a worker",
            ["queue"],
            buckets=WAITS,
            registry=registry,
        )
        registry.register(self)

    def seen(self, runtime: object, figures: Mapping[str, QueueFigures]) -> None:
        """These are the runtime's queues now."""
        if figures:
            self._seen[id(runtime)] = figures
        else:
            self._seen.pop(id(runtime), None)

    def waited(self, queue: str, seconds: float) -> None:
        self._waits.labels(self._values("queue", queue)).observe(max(0.0, seconds))

    def collect(self) -> Iterator[Metric]:
        found = self._largest()
        for name, text, values in (
            ("runs", "Runs that wait for a worker", [each.waiting for each in found.values()]),
            (
                "oldest_seconds",
                "How long the first of them waits",
                [each.oldest_seconds for each in found.values()],
            ),
            ("workers", "Workers that look", [each.workers for each in found.values()]),
        ):
            family = GaugeMetricFamily(f"agui_worker_queue_{name}", text, labels=["queue"])
            for queue, value in zip(found, values, strict=True):
                family.add_metric([queue], value)
            yield family

    def _largest(self) -> Mapping[str, QueueFigures]:
        found: dict[str, QueueFigures] = {}
        for figures in list(self._seen.values()):
            for name, it in figures.items():
                queue = self._values("queue", name)
                known = found.get(queue, QueueFigures())
                found[queue] = QueueFigures(
                    max(known.waiting, it.waiting),
                    max(known.oldest_seconds, it.oldest_seconds),
                    max(known.workers, it.workers),
                )
        return found
