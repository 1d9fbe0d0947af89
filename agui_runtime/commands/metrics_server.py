"""The server that answers Prometheus, in threads beside the one that serves agents. Whoever reaches
its port can hold few of them, and none for long.
"""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from agui_runtime.core.log_lines import lasting_logger_of

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

logger = lasting_logger_of(__name__)

Request: TypeAlias = "socket.socket | tuple[bytes, socket.socket]"

PATIENCE = 10.0
"""Seconds that a client may send nothing, or take nothing of its answer."""

MOST = 32
"""Connections at a time: one more has the oldest of them closed."""


def metrics_server(host: str, port: int, registry: CollectorRegistry) -> MetricsServer:
    """It listens, and answers when it is given a thread (`serve_forever`); raises OSError."""
    from prometheus_client import make_wsgi_app

    family, _, _, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    server = MetricsServer((str(address[0]), port), family)
    server.set_app(make_wsgi_app(registry))
    return server


class MetricsServer(ThreadingMixIn, WSGIServer):
    """A thread for each connection, which ends with its request."""

    daemon_threads = True
    request_queue_size = 4 * MOST  # a connection beyond these is tried again after a second

    def __init__(self, address: tuple[str, int], family: socket.AddressFamily) -> None:
        self.address_family = family
        self._lock = threading.Lock()
        self._open: dict[socket.socket, None] = {}
        super().__init__(address, _Handler)

    def process_request(self, request: Request, client_address: object) -> None:
        assert isinstance(request, socket.socket)  # a pair is a datagram
        with self._lock:
            if len(self._open) >= MOST:
                oldest = next(iter(self._open))
                del self._open[oldest]
                _end(oldest)
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Request) -> None:
        assert isinstance(request, socket.socket)
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        error = sys.exception()
        if not isinstance(error, OSError):  # else the client is gone, or slow
            logger.error("Prometheus was not answered", exc_info=error)


class _Handler(WSGIRequestHandler):
    timeout = PATIENCE

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: Prometheus comes every few seconds."""


def _end(connection: socket.socket) -> None:
    """Have the thread that reads from it, or writes to it, come to its end."""
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
