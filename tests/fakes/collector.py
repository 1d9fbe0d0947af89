"""A collector of spans and metrics on loopback: OTLP over HTTP, read with the protocol's own
messages.
"""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass
class Received:
    """One span, as it came."""

    name: str
    trace: str
    id: str
    parent: str
    kind: int
    status: int
    start: int
    end: int
    attributes: dict[str, Any]
    resource: dict[str, Any]
    schema: str
    events: int


@dataclass
class Point:
    """One point of a metric, as it came: a counter's value, or a histogram's count and sum."""

    name: str
    unit: str
    attributes: dict[str, Any]
    value: float
    count: int
    resource: dict[str, Any]
    schema: str


@dataclass
class Collector:
    """Serves while the block runs, at `url`."""

    spans: list[Received] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def __enter__(self) -> Collector:
        handler = type("Handler", (_Handler,), {"collector": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def take(self, body: bytes) -> None:
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            about = _plain(resource.resource.attributes)
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.spans.append(
                        Received(
                            name=span.name,
                            trace=span.trace_id.hex(),
                            id=span.span_id.hex(),
                            parent=span.parent_span_id.hex(),
                            kind=span.kind,
                            status=span.status.code,
                            start=span.start_time_unix_nano,
                            end=span.end_time_unix_nano,
                            attributes=_plain(span.attributes),
                            resource=about,
                            schema=scope.schema_url,
                            events=len(span.events),
                        )
                    )

    def take_metrics(self, body: bytes) -> None:
        for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
            about = _plain(resource.resource.attributes)
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    self.points += _points(metric, about, scope.schema_url)


def _points(metric: Any, about: dict[str, Any], schema: str) -> list[Point]:  # noqa: ANN401  # protobuf
    kind = metric.WhichOneof("data")
    found = []
    for each in getattr(metric, kind).data_points:
        is_histogram = kind == "histogram"
        value = each.sum if is_histogram else getattr(each, each.WhichOneof("value"))
        count = each.count if is_histogram else 0
        attributes = _plain(each.attributes)
        found.append(Point(metric.name, metric.unit, attributes, value, count, about, schema))
    return found


class _Handler(BaseHTTPRequestHandler):
    collector: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path == "/v1/metrics":
            self.collector.take_metrics(body)
            answer = ExportMetricsServiceResponse().SerializeToString()
        else:
            assert self.path == "/v1/traces"
            self.collector.take(body)
            answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Not a word."""


def _plain(attributes: Any) -> dict[str, Any]:  # noqa: ANN401  # made of protobuf
    return {each.key: _value(each.value) for each in attributes}


def _value(value: Any) -> Any:  # noqa: ANN401  # the same
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(each) for each in value.array_value.values]
    return getattr(value, kind)


def tree(spans: list[Received]) -> str:
    """The spans of a trace as lines, each below its parent, in the order in which they began."""
    known = {span.id for span in spans}

    def lines(parent: str, depth: int) -> list[str]:
        found = []
        for span in sorted(spans, key=lambda each: each.start):
            if span.parent == parent or (not depth and span.parent not in known):
                found += [f"{'  ' * depth}{_line(span)}", *lines(span.id, depth + 1)]
        return found

    return "\n".join(lines("", 0))


def _line(span: Received) -> str:
    tokens = [
        f"{span.attributes[name]} {word}"
        for name, word in (
            ("gen_ai.usage.input_tokens", "tokens in"),
            ("gen_ai.usage.output_tokens", "out"),
        )
        if name in span.attributes
    ]
    failure = span.attributes.get("error.type")
    return ", ".join([span.name, *tokens, *([f"failed: {failure}"] if failure else [])])
