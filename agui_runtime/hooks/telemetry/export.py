"""Sends spans to a collector over HTTP, in a thread of its own; runs never wait for it.

A collector that does not answer costs spans, and one warning a minute that says how many.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from agui_runtime.core.secrets import redact

logger = logging.getLogger(__name__)

EVERY = 60.0
"""Seconds between warnings."""

_NOISY = (
    "opentelemetry.exporter.otlp.proto.http.trace_exporter",
    "opentelemetry.sdk._shared_internal",
)
"""They have a line for every attempt, some with a traceback."""


class Warnings:
    """Counts what is lost, and says so at most once a minute."""

    def __init__(self, endpoint: str, clock: Callable[[], float] = monotonic) -> None:
        self.lost = 0
        self._endpoint = redact(endpoint)
        self._clock = clock
        self._next = float("-inf")
        self._unwritten = 0
        self._lock = threading.Lock()

    def lose(self, spans: int) -> None:
        with self._lock:
            self.lost += spans
            self._unwritten += spans
            now = self._clock()
            if now < self._next:
                return
            self._next, unwritten, self._unwritten = now + EVERY, self._unwritten, 0
        logger.warning(
            "%d spans were lost: %s takes none; see OTEL_EXPORTER_OTLP_ENDPOINT. Runs go on",
            unwritten,
            self._endpoint,
        )


class WatchedExporter(SpanExporter):
    """Another exporter, whose failures are counted."""

    def __init__(self, exporter: SpanExporter, warnings: Warnings) -> None:
        self._exporter = exporter
        self._warnings = warnings

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            self._warnings.lose(len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)


class _OnlyDropped(logging.Filter):
    """Counts the spans for which there was no room; no line of the libraries gets through."""

    def __init__(self, warnings: Warnings) -> None:
        super().__init__()
        self._warnings = warnings

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Queue full"):
            self._warnings.lose(1)
        return record.levelno < logging.WARNING


def exporting(endpoint: str) -> tuple[TracerProvider, Warnings]:
    """A provider whose spans go to where the variables of OpenTelemetry say; shut it down. What is
    lost is counted by the other one.
    """
    warnings = Warnings(endpoint)
    for name in _NOISY:
        logging.getLogger(name).addFilter(_OnlyDropped(warnings))
    resource = Resource.create({"service.name": "agui-runtime"} if not _named() else {})
    provider = TracerProvider(resource=resource)
    exporter = WatchedExporter(OTLPSpanExporter(), warnings)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider, warnings


def _named() -> bool:
    """Whether the environment says what the service is called."""
    found = Resource.create().attributes.get("service.name", "")
    return not str(found).startswith("unknown_service")
