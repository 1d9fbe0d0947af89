"""Ends what a thread waits for without an answer: no agent is called."""

from __future__ import annotations

import uuid
from dataclasses import replace
from time import time

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Stopped
from agui_runtime.core.events import RunInfo
from agui_runtime.core.meter import figures_of
from agui_runtime.core.run_events import opened, status_of, terminal
from agui_runtime.stores.base import RunEnd, RunLog


async def dismiss(log: RunLog, waiting: RunInfo) -> None:
    """Append to the thread of a run that waits for answers another run, which was stopped before
    anything was answered. Raises Busy if somebody answers.
    """
    run_id, now = str(uuid.uuid4()), time()
    given = RunAgentInput(thread_id=waiting.thread_id, run_id=run_id, messages=[])
    run = replace(
        waiting, run_id=run_id, started_at=now, fingerprint="", status="running", ended_at=None
    )
    lease = await log.claim(replace(run, figures=None), lambda: None)
    events = [opened(given), terminal(given, Stopped())]
    with log.keep(lease, lambda: None):
        end = RunEnd(events, status_of(events[-1]), time(), figures=figures_of(events))
        await log.release(lease, end)
