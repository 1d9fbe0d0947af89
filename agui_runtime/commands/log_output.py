"""Where the log lines of a server go, and in which form."""

from __future__ import annotations

import logging

from agui_runtime.hooks.telemetry.json_lines import write_json_lines
from agui_runtime.settings import Settings


def write_lines(settings: Settings) -> None:
    """Write the runtime's log lines to standard error, in the form and from the level that the
    settings say, beside the server's. An app that has set up logging by itself keeps its own form.

    To be called when uvicorn has set up its own.
    """
    ours = logging.getLogger("agui_runtime")
    ours.setLevel(settings.log_level.upper())
    if settings.log_format == "json":
        write_json_lines()
    elif not (ours.handlers or logging.getLogger().handlers):
        ours.addHandler(_as_uvicorn_does())


def _as_uvicorn_does() -> logging.Handler:
    from uvicorn.logging import DefaultFormatter

    handler = logging.StreamHandler()
    handler.setFormatter(DefaultFormatter("%(levelprefix)s %(message)s"))
    return handler
