"""Where the log lines of a server go, and in which form."""

from __future__ import annotations

import logging
from asyncio import CancelledError
from copy import deepcopy
from typing import Any

from agui_runtime.hooks.telemetry.json_lines import write_json_lines
from agui_runtime.settings import Settings

TEXT = "%(levelprefix)s"
TEXT_OF_SEVERAL = f"{TEXT} [%(process)d]"


def server_logging(settings: Settings, *, of_several: bool = False) -> dict[str, Any]:
    """How uvicorn is to write its lines; those of one of several processes name the process."""
    from uvicorn.config import LOGGING_CONFIG

    config: dict[str, Any] = deepcopy(LOGGING_CONFIG)
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    for name in ("uvicorn", "uvicorn.access"):
        config["loggers"][name]["level"] = level
    # That it starts and ends is said by lines of ours; uvicorn's are for whoever looks closely.
    quiet = level if level < logging.INFO else max(level, logging.WARNING)
    config["loggers"]["uvicorn.error"]["level"] = quiet
    if of_several:
        for form in config["formatters"].values():
            form["fmt"] = form["fmt"].replace(TEXT, TEXT_OF_SEVERAL)
    return config


def write_lines(settings: Settings, *, of_several: bool = False) -> None:
    """Write the runtime's log lines to standard error, in the form and from the level that the
    settings say, beside the server's. An app that has set up logging by itself keeps its own form.

    To be called when uvicorn has set up its own.
    """
    ours = logging.getLogger("agui_runtime")
    ours.setLevel(settings.log_level.upper())
    if settings.log_format == "json":
        write_json_lines()
    elif not (ours.handlers or logging.getLogger().handlers):
        ours.addHandler(_as_uvicorn_does(TEXT_OF_SEVERAL if of_several else TEXT))


def hide_cancelled_requests() -> None:
    """From now on no line tells that a request was cancelled: its server ends, and says so."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], CancelledError))


def _as_uvicorn_does(beginning: str) -> logging.Handler:
    from uvicorn.logging import DefaultFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(DefaultFormatter(f"{beginning} %(message)s"))
    return handler
