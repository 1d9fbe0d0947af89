"""The one line of the log that says why a run failed, whoever serves the app."""

from __future__ import annotations

from agui_runtime.core.causes import causes_of
from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import logger_of

logger = logger_of("agui_runtime.runs")


def log_failure(agent: str, failure: AguiError) -> None:
    """Write one warning: the agent, the code, what readers are told, and the cause that they are
    not. Its traceback is written at debug level.

    Warnings reach standard error also where an application has set up no logging.
    """
    causes = "".join(f" ({each})" for each in causes_of(failure))
    logger.warning("agent %r failed: %s: %s%s", agent, failure.code, failure.message, causes)
    if failure.__cause__ is not None:
        logger.debug("the cause", exc_info=failure.__cause__)
