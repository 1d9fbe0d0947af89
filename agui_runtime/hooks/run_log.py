"""Log lines of runs, as a hook. Names the run and the request in every line."""

from __future__ import annotations

import logging

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.core.log_lines import subject_of
from agui_runtime.hooks.hook import Hook, RunReport

logger = logging.getLogger("agui_runtime.runs")


class RunLogger(Hook):
    """One line when a run starts and one when it ends; why it failed is logged without a hook."""

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        subject = subject_of(context.request_id, run)
        logger.info("%s: %s started for %r", subject, run.agent, run.owner)

    async def after_run(self, report: RunReport) -> None:
        subject = subject_of(report.context.request_id, report.run)
        logger.info("%s: %s %s", subject, report.run.agent, report.run.status)
