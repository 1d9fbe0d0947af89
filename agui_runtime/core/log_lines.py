"""Loggers whose lines name what they are about: a request, and the run that it started."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar

from agui_runtime.core.events import RunInfo

_subject: ContextVar[str] = ContextVar("agui_runtime_log_subject", default="")


def logger_of(name: str) -> logging.Logger:
    """The logger of a module. Each of its lines begins with the subject, where there is one.

    Not for tasks that outlive a request: they inherit the subject of whichever request began them.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_named)
    return logger


def write_about(request_id: str, run: RunInfo | None = None) -> None:
    """From now on, lines of the current task, and of all that it begins, are about the request, or
    about this run of it.
    """
    _subject.set(subject_of(request_id, run))


def subject_of(request_id: str, run: RunInfo | None = None) -> str:
    """How lines name what they are about."""
    request = f"request {request_id}"
    return request if run is None else f"{request} thread {run.thread_id} run {run.run_id}"


def _named(record: logging.LogRecord) -> bool:
    subject = _subject.get()
    if subject:
        record.msg, record.args = _prefixed(subject, record)
    return True


def _prefixed(subject: str, record: logging.LogRecord) -> tuple[str, tuple[object, ...]]:
    """The template stays one, so that tools which group lines by it still do."""
    arguments = record.args or ()
    if isinstance(arguments, Mapping) or not arguments:
        return "%s: %s", (subject, record.getMessage())
    return f"%s: {record.msg}", (subject, *arguments)
