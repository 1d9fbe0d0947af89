"""Loggers whose lines name what they are about: a request, and the run that it started."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from traceback import format_exception
from types import TracebackType
from typing import NamedTuple, TypeAlias

from agui_runtime.core.causes import LONGEST, causes_of
from agui_runtime.core.events import RunInfo
from agui_runtime.core.secrets import redact
from agui_runtime.core.terminal_text import in_one_line, safe


class Subject(NamedTuple):
    """What a line is about: a request, and the run of it, if there is one yet."""

    request_id: str
    run: RunInfo | None = None

    def __str__(self) -> str:
        return subject_of(self.request_id, self.run)


_subject: ContextVar[Subject | None] = ContextVar("agui_runtime_log_subject", default=None)

_OF_GROUPS = re.compile(r"[ |]*[|] ")
"""What lines of a traceback begin with that are of a group of exceptions."""

_TEMPLATE = "agui_runtime_template"
"""Where a record has its template as it was given, for formats that say the rest elsewhere."""

_ERROR = "agui_runtime_error"
"""The same of its exception."""

ErrorInfo: TypeAlias = (
    "tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]"
)


def logger_of(name: str) -> logging.Logger:
    """The logger of a module. Each of its lines begins with the subject, where there is one.

    Not for tasks that outlive a request: they inherit the subject of whichever request began them.
    """
    logger = lasting_logger_of(name)
    logger.addFilter(_named)
    return logger


def lasting_logger_of(name: str) -> logging.Logger:
    """The logger of a module whose tasks outlive requests. As with `logger_of`, a message is one
    line in which nothing moves a terminal's cursor, whatever clients and providers wrote; an
    exception is part of it, and its traceback is written only at debug level.
    """
    logger = logging.getLogger(name)
    logger.addFilter(_in_one_line)
    return logger


def write_about(request_id: str, run: RunInfo | None = None) -> None:
    """From now on, lines of the current task, and of all that it begins, are about the request, or
    about this run of it.
    """
    _subject.set(Subject(request_id, run))


def present_subject() -> Subject | None:
    """What lines of the current task are about."""
    return _subject.get()


def message_of(record: logging.LogRecord) -> str:
    """The message of a line, without its subject."""
    template, arguments = record.__dict__.get(_TEMPLATE, (record.msg, record.args))
    return str(template) % arguments if arguments else str(template)


def error_of(record: logging.LogRecord) -> ErrorInfo | None:
    """The exception of a line, also where it is only named in it."""
    found: ErrorInfo | None = record.__dict__.get(_ERROR, record.exc_info)
    return found


def _in_one_line(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        _with_causes(record, error)
    text = record.getMessage()
    line = safe(in_one_line(text))
    if line != text:  # else the template stays, by which tools group lines
        record.__dict__.setdefault(_TEMPLATE, (record.msg, record.args))
        record.msg, record.args = "%s", (line,)
    return True


def _with_causes(record: logging.LogRecord, error: BaseException) -> None:
    if logging.getLogger(record.name).isEnabledFor(logging.DEBUG):
        record.exc_text = record.exc_text or traceback_of(error)
        return
    record.__dict__[_TEMPLATE] = record.msg, record.args
    record.__dict__[_ERROR], record.exc_info = record.exc_info, None
    causes = "".join(f" ({each})" for each in causes_of(error))
    record.msg, record.args = "%s%s", (record.getMessage(), causes)


def traceback_of(error: BaseException) -> str:
    """The traceback of an exception, whose own words may hold keys; these are cut out."""
    return "\n".join(_traced("".join(format_exception(error)).splitlines()))


def _traced(lines: Iterable[str]) -> Iterator[str]:
    in_code = False
    for line in lines:
        text = _OF_GROUPS.sub("", line)
        in_code = text.startswith('  File "') or (in_code and text.startswith("    "))
        yield line if in_code else f"{line[: -len(text) or None]}{redact(text, LONGEST)}"


def subject_of(request_id: str, run: RunInfo | None = None) -> str:
    """How lines name what they are about."""
    request = f"request {request_id}"
    return request if run is None else f"{request} thread {run.thread_id} run {run.run_id}"


def _named(record: logging.LogRecord) -> bool:
    subject = _subject.get()
    if subject is not None:
        record.__dict__.setdefault(_TEMPLATE, (record.msg, record.args))
        record.msg, record.args = _prefixed(str(subject), record)
    return True


def _prefixed(subject: str, record: logging.LogRecord) -> tuple[str, tuple[object, ...]]:
    """The template stays one, so that tools which group lines by it still do."""
    arguments = record.args or ()
    if isinstance(arguments, Mapping) or not arguments:
        return "%s: %s", (subject, record.getMessage())
    return f"%s: {record.msg}", (subject, *arguments)
