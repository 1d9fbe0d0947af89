"""Log lines and counters of runs, as a hook. Names the run and the request in every line."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import RunContext, RunInfo
from agui_runtime.hooks.hook import Hook, RunReport

logger = logging.getLogger("agui_runtime.runs")


class RunLogger(Hook):
    """One line when a run starts and one when it ends."""

    async def before_run(self, run: RunInfo, request: RunAgentInput, context: RunContext) -> None:
        logger.info("%s: %s started for %r", _where(run, context), run.agent, run.owner)

    async def after_run(self, report: RunReport) -> None:
        ending = "ended" if report.failure is None else f"failed: {report.failure.code}"
        logger.info("%s: %s %s", _where(report.run, report.context), report.run.agent, ending)


def request_id_of(headers: Mapping[str, str]) -> str:
    """The correlation id: `X-Request-Id`, else the trace id of `traceparent`, else a new one.

    Both are checked, so that a client cannot forge log lines; W3C Trace Context 3.2.2.3 gives the
    form of a trace id.
    """
    given = headers.get("x-request-id", "")
    if _REQUEST_ID.fullmatch(given):
        return given
    trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    return trace[1] if trace else uuid.uuid4().hex


def _where(run: RunInfo, context: RunContext) -> str:
    return f"request {context.request_id} thread {run.thread_id} run {run.run_id}"


_REQUEST_ID = re.compile(r"[A-Za-z0-9._:@+=/-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
