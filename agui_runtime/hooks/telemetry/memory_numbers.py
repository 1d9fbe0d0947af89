"""What runs find and write of what is remembered of users, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from agui_runtime.core.observation import Operation

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1, 2.5, 5)


class MemoryNumbers:
    """By operation: `search_memory`, `upsert_memory`, `update_memory` and `delete_memory`. A search
    that was late, or of which something failed, counts as failed, although its run goes on.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "agui_memory_seconds",
            "What was done with memories",
            ["operation", "status"],
            buckets=SECONDS,
            registry=registry,
        )
        self._entries = Counter(
            "agui_memory_entries",
            "Entries of memories that were found, written or deleted",
            ["operation"],
            registry=registry,
        )

    def took(self, operation: Operation, seconds: float, status: str) -> None:
        for each in ("ok", "failed"):  # a rate of what never was is not known to be 0
            self._seconds.labels(operation.kind, each)
        self._seconds.labels(operation.kind, status).observe(seconds)
        if operation.count and (not operation.failure or operation.kind == "search_memory"):
            self._entries.labels(operation.kind).inc(operation.count)
