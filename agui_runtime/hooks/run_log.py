"""Log lines of runs, as a hook. Names the run and the request in every line."""

from __future__ import annotations

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.core.log_lines import logger_of
from agui_runtime.hooks.hook import Hook, RunReport

logger = logger_of("agui_runtime.runs")


class RunLogger(Hook):
    """One line when a run starts and one when it ends; why it failed is logged without a hook."""

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        logger.info("%s started for %r", run.agent, run.owner)

    async def after_run(self, report: RunReport) -> None:
        logger.info("%s %s", report.run.agent, report.run.status)
