"""Log lines as JSON objects, one a line, for whatever collects logs.

It formats what the standard library's loggers are given, ours, the server's and anybody's.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import orjson

from agui_runtime.core.jsontext import Json
from agui_runtime.core.log_lines import error_of, message_of, present_subject, traceback_of
from agui_runtime.core.terminal_text import safe_json

LONGEST = 16_384
"""So many characters of a message, and of a traceback, are written."""

SERVERS = ("uvicorn", "uvicorn.error", "uvicorn.access", "gunicorn.error", "gunicorn.access")
"""The loggers of servers, which have handlers of their own."""

_ACCESS = ("client", "method", "path", "version", "status")
"""What the arguments of uvicorn's access lines are."""


class JsonLines(logging.Formatter):
    """`time level logger process message`, the ids of what the line is about, and `exception`."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": _bounded(message_of(record)),
            **dict(_about()),
            **dict(_of_trace()),
            **_of_access(record),
            **self._exception(record),
        }
        return safe_json(orjson.dumps(fields, default=str).decode())

    def _exception(self, record: logging.LogRecord) -> Mapping[str, Json]:
        error = error_of(record)
        if error is None or error[1] is None:
            return {}
        return {"exception": _bounded(record.exc_text or traceback_of(error[1]))}


def write_json_lines() -> None:
    """From now on this process's log lines are JSON: those of all handlers that the servers and the
    root logger have, or of one on standard error where the root has none.
    """
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(logging.StreamHandler())
    lines = JsonLines()
    for name in ("", "agui_runtime", *SERVERS):
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(lines)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def _bounded(text: str) -> str:
    """Half characters, for which JSON has no form, are escaped."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"
    return cut.encode("utf-8", "backslashreplace").decode()


def _about() -> Iterator[tuple[str, Json]]:
    subject = present_subject()
    if subject is None:
        return
    yield "request", subject.request_id
    if subject.run is not None:
        yield from (
            ("thread", subject.run.thread_id),
            ("run", subject.run.run_id),
            ("agent", subject.run.agent),
        )


def _of_trace() -> Iterator[tuple[str, Json]]:
    """The ids of the span that the line was written in, where OpenTelemetry is in use."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        yield "trace_id", f"{context.trace_id:032x}"
        yield "span_id", f"{context.span_id:016x}"


def _of_access(record: logging.LogRecord) -> Mapping[str, Json]:
    arguments = record.args
    if record.name != "uvicorn.access" or not isinstance(arguments, tuple):
        return {}
    named = dict(zip(_ACCESS, arguments, strict=False))
    return {name: value for name, value in named.items() if isinstance(value, str | int)}
