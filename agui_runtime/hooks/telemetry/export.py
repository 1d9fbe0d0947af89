"""Sends spans, and figures of calls of models, to a collector over HTTP, in threads of their own;
runs never wait for it.

A collector that does not answer costs spans, and one warning a minute that says how many. Figures
are sums: what it did not take is in those that it takes next.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from time import monotonic

from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
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
_NOISY_OF_FIGURES = (
    "opentelemetry.exporter.otlp.proto.http.metric_exporter",
    "opentelemetry.sdk.metrics._internal.export",
)
"""They have a line for every attempt, some with a traceback."""


OF_SPANS = "%d spans were lost: %s takes none; see OTEL_EXPORTER_OTLP_ENDPOINT. Runs go on"
OF_FIGURES = (
    "figures of models were not taken, %d times: by %s; OTEL_METRICS_EXPORTER=none sends none."
    " Runs go on"
)


class Warnings:
    """Counts what is lost, and says so at most once a minute. The text has places for how many, and
    for where nobody takes them.
    """

    def __init__(
        self, endpoint: str, clock: Callable[[], float] = monotonic, text: str = OF_SPANS
    ) -> None:
        self.lost = 0
        self._text = text
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
        logger.warning(self._text, unwritten, self._endpoint)


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


class WatchedFigures(OTLPMetricExporter):
    """The exporter of figures, whose failures are counted."""

    warnings: Warnings

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: object
    ) -> MetricExportResult:
        result = super().export(metrics_data, timeout_millis, **kwargs)
        if result is not MetricExportResult.SUCCESS:
            self.warnings.lose(1)
        return result


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
    provider = TracerProvider(resource=_resource())
    exporter = WatchedExporter(OTLPSpanExporter(), warnings)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider, warnings


def exporting_figures(endpoint: str) -> MeterProvider:
    """The same of figures, which go out every minute and when it is shut down."""
    exporter = WatchedFigures()
    exporter.warnings = Warnings(endpoint, text=OF_FIGURES)
    for name in _NOISY_OF_FIGURES:
        logging.getLogger(name).addFilter(_is_quiet)
    return MeterProvider([PeriodicExportingMetricReader(exporter)], _resource())


def _is_quiet(record: logging.LogRecord) -> bool:
    return record.levelno < logging.WARNING


def _resource() -> Resource:
    """Each process is an instance of its own, as the SDK numbers them."""
    return Resource.create({} if _named() else {"service.name": "agui-runtime"})


def _named() -> bool:
    """Whether the environment says what the service is called."""
    found = Resource.create().attributes.get("service.name", "")
    return not str(found).startswith("unknown_service")
