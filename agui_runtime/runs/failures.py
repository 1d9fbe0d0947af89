"""The one line of the log that says why a run failed, whoever serves the app."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

from agui_runtime.connectors.shared.secrets import redact
from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of

logger = logger_of("agui_runtime.runs")

LONGEST = 2000
"""So many characters of a cause are written."""


def log_failure(agent: str, failure: AguiError) -> None:
    """Write one warning: the agent, the code, what readers are told, and the cause that they are
    not. Its traceback is written at debug level.

    Warnings reach standard error also where an application has set up no logging.
    """
    causes = "".join(f" ({_line(each)})" for each in _causes(failure))
    logger.warning("agent %r failed: %s: %s%s", agent, failure.code, failure.message, causes)
    if failure.__cause__ is not None:
        logger.debug("the cause", exc_info=failure.__cause__)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen = {id(error)}
    while (cause := error.__cause__) is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        error = cause


def _line(cause: BaseException) -> str:
    """`RuntimeError: boom, at agents.py:12`, on one line, without keys."""
    text = redact(" ".join(f"{type(cause).__name__}: {cause}".split()), LONGEST)
    frames = traceback.extract_tb(cause.__traceback__)
    return f"{text}, at {frames[-1].filename}:{frames[-1].lineno}" if frames else text
