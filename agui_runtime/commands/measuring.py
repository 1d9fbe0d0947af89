"""What a server that `serve` starts is measured with, as the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from agui_runtime.commands.hosting import Hosted
from agui_runtime.core.errors import Misconfigured, MissingExtra


@contextmanager
def measured(found: Hosted) -> Iterator[None]:
    """While the block runs, Prometheus is answered at the address of the settings, if they have
    one. Raises Misconfigured, before anything is served.
    """
    if found.settings.metrics is None:
        yield
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
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
