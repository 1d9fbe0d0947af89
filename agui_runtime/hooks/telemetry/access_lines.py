"""Log lines of servers without the secrets of requests: a WebSocket of a page cannot send a header,
so that tokens stand in queries.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping

from agui_runtime.core.secrets import redact_urls
from agui_runtime.hooks.telemetry.json_lines import SERVERS

LOGGERS = (*SERVERS, "hypercorn.access", "hypercorn.error", "granian.access", "httpx")
"""The loggers that write of requests, those of servers and of the client that connectors use."""

_OF_SOCKETS = f"{os.sep}websockets{os.sep}"


def hide_secrets_of_requests() -> None:
    """From now on no line of this process's server has a token of a query in it, in whatever form
    it is written; and none has what clients say on WebSockets, their headers included. The same
    goes for requests of its own.
    """
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_without_secrets)  # which is added once


def _without_secrets(record: logging.LogRecord) -> bool:
    if record.levelno < logging.INFO and _is_of_library(record.pathname):
        return False
    if not record.args:
        record.msg = str(_hidden(record.msg))
    elif isinstance(record.args, tuple):
        record.args = tuple(map(_hidden, record.args))
    else:
        record.args = _Hidden(record.args)
    return True


def _hidden(value: object) -> object:
    if isinstance(value, int | float):
        return value
    text = str(value)
    return redact_urls(text) if "=" in text or "@" in text else value


def _is_of_library(path: str) -> bool:
    """Whether the library of WebSockets wrote it, which is given uvicorn's logger."""
    return _OF_SOCKETS in path and f"{os.sep}uvicorn{os.sep}" not in path


class _Hidden(Mapping[str, object]):
    """The arguments of a line that are named, as hypercorn and gunicorn have them; some of theirs
    are found by name alone.
    """

    def __init__(self, arguments: Mapping[str, object]) -> None:
        self._arguments = arguments

    def __getitem__(self, name: str) -> object:
        return _hidden(self._arguments[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._arguments)

    def __len__(self) -> int:
        return len(self._arguments)
