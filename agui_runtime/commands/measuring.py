"""What a server that `serve` starts is measured with, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agui_runtime.commands.hosting import Hosted
from agui_runtime.core.errors import Misconfigured, MissingExtra

if TYPE_CHECKING:
    from agui_runtime.hooks.telemetry.metrics import Metrics


@contextmanager
def measured(found: Hosted) -> Iterator[None]:
    """While the block runs, Prometheus is answered, and spans are sent, where the settings ask for
    it. Raises Misconfigured, before anything is served.
    """
    with _counted(found) as metrics, _traced(found, metrics):
        yield


@contextmanager
def _counted(found: Hosted) -> Iterator[Metrics | None]:
    if found.settings.metrics is None:
        yield None
        return
    if find_spec("prometheus_client") is None:
        raise MissingExtra("AGUI_METRICS", "metrics")
    from prometheus_client import start_http_server

    from agui_runtime.hooks.telemetry.metrics import Metrics

    host, port = found.settings.metrics
    metrics = Metrics()
    for runtime in found.runtimes:
        runtime.add_hook(metrics)
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        reason = error.strerror or error
        raise Misconfigured(f"AGUI_METRICS={host}:{port} cannot be opened: {reason}") from None
    try:
        yield metrics
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _traced(found: Hosted, metrics: Metrics | None) -> Iterator[None]:
    settings = found.settings
    if settings.otlp_endpoint is None:
        yield
        return
    _check_endpoint(settings.otlp_endpoint)
    if find_spec("opentelemetry.exporter") is None:
        raise MissingExtra("OTEL_EXPORTER_OTLP_ENDPOINT", "otel")
    from opentelemetry import trace

    from agui_runtime.hooks.telemetry.export import exporting
    from agui_runtime.hooks.telemetry.spans import Spans

    provider, warnings = exporting(settings.otlp_endpoint)
    if metrics is not None:
        metrics.count_lost_spans(lambda: warnings.lost)
    trace.set_tracer_provider(provider)  # what agents of yours do is seen, too
    key = settings.telemetry_key
    spans = Spans(
        provider,
        edition=settings.genai_names,
        key=key.encode() if key else None,
        capture=settings.capture_contents,
    )
    for runtime in found.runtimes:
        runtime.add_hook(spans)
    try:
        yield
    finally:
        provider.shutdown()


def _check_endpoint(url: str) -> None:
    """Raises Misconfigured, without the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        fine = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # a port that is none, or half an address
        fine = False
    if not fine:
        raise Misconfigured(
            "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, http://127.0.0.1:4318: spans are sent over "
            "HTTP"
        )
