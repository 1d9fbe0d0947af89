"""What a server that `serve` starts is measured with, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from threading import Thread
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from agui_runtime.commands.hosting import Hosted
from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.settings import Settings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from agui_runtime.commands.figures import Figures
    from agui_runtime.hooks.telemetry.metrics import Metrics


def check_measuring(settings: Settings) -> None:
    """Raises Misconfigured for what could not be measured, before anything is started."""
    if settings.metrics is not None and find_spec("prometheus_client") is None:
        raise MissingExtra("AGUI_METRICS", "metrics")
    for endpoint in filter(None, (settings.otlp_endpoint, settings.otlp_metrics)):
        _check_endpoint(endpoint)
        if find_spec("opentelemetry.exporter") is None:
            raise MissingExtra("OTEL_EXPORTER_OTLP_ENDPOINT", "otel")


@contextmanager
def measured(found: Hosted, *, by_parent: bool = False) -> Iterator[Metrics | None]:
    """While the block runs, Prometheus is answered, unless `by_parent`, and spans are sent, where
    the settings ask for it. Raises Misconfigured, before anything is served.
    """
    check_measuring(found.settings)
    with ExitStack() as stack:
        metrics = None
        if found.settings.metrics is not None:
            metrics = _counting(found)
            if not by_parent:
                stack.enter_context(answering(found.settings.metrics, metrics.registry))
        stack.enter_context(_traced(found, metrics))
        stack.enter_context(_figured(found))
        yield metrics


@contextmanager
def measured_together(settings: Settings) -> Iterator[Figures | None]:
    """The same for the parent of several processes, whose figures are gathered."""
    check_measuring(settings)
    if settings.metrics is None:
        yield None
        return
    from prometheus_client import CollectorRegistry

    from agui_runtime.commands.figures import Figures

    figures, registry = Figures(), CollectorRegistry()
    registry.register(figures)
    with answering(settings.metrics, registry):
        yield figures


@contextmanager
def answering(address: tuple[str, int], registry: CollectorRegistry) -> Iterator[None]:
    """While the block runs, Prometheus is answered there; raises Misconfigured."""
    from agui_runtime.commands.metrics_server import metrics_server

    host, port = address
    try:
        server = metrics_server(host, port, registry)
    except OSError as error:
        reason = error.strerror or error
        raise Misconfigured(f"AGUI_METRICS={host}:{port} cannot be opened: {reason}") from None
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _counting(found: Hosted) -> Metrics:
    from agui_runtime.hooks.telemetry.metrics import Metrics

    metrics = Metrics()
    for runtime in found.runtimes:
        runtime.add_hook(metrics)
    return metrics


@contextmanager
def _traced(found: Hosted, metrics: Metrics | None) -> Iterator[None]:
    """What agents of yours do is seen by the providers, too: they are those of the process."""
    settings = found.settings
    if settings.otlp_endpoint is None:
        yield
        return
    from opentelemetry import trace

    from agui_runtime.hooks.telemetry.export import exporting
    from agui_runtime.hooks.telemetry.spans import Spans

    provider, warnings = exporting(settings.otlp_endpoint)
    if metrics is not None:
        metrics.count_lost_spans(lambda: warnings.lost)
    trace.set_tracer_provider(provider)
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


@contextmanager
def _figured(found: Hosted) -> Iterator[None]:
    settings = found.settings
    if settings.otlp_metrics is None:
        yield
        return
    from opentelemetry.metrics import set_meter_provider

    from agui_runtime.hooks.telemetry.export import exporting_figures
    from agui_runtime.hooks.telemetry.model_figures import ModelFigures

    provider = exporting_figures(settings.otlp_metrics)
    set_meter_provider(provider)
    figures = ModelFigures(provider, edition=settings.genai_names)
    for runtime in found.runtimes:
        runtime.add_hook(figures)
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
            "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL, http://127.0.0.1:4318, and so must be those"
            " for traces and metrics, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT and ..._METRICS_ENDPOINT"
        )
