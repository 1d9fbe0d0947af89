"""What runs do, watched by a hook: `uvicorn examples.hooks_app:app`.

A hook that fails is a line of the log and breaks nothing.
"""

import logging
from collections import Counter
from collections.abc import AsyncIterator

from ag_ui.core import RunAgentInput

from agui_runtime import AgentFailure, CopilotRuntime, Hook, RunReport, create_app
from agui_runtime.core.events import Event, RunInfo

logger = logging.getLogger(__name__)


class Statistics(Hook):
    """Counts events, and notes how runs end."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()

    def on_event(self, run: RunInfo, event: Event) -> None:
        self.events[event["type"]] += 1

    async def after_run(self, report: RunReport) -> None:
        end = report.failure.code if report.failure else "finished"
        self.ends[end] += 1
        logger.info("%s ended: %s, %d messages", report.run.agent, end, len(report.messages))


async def divider(request: RunAgentInput) -> AsyncIterator[str]:
    """Divides 100 by what you say."""
    try:
        yield str(100 / int(str(request.messages[-1].content)))
    except (ValueError, ZeroDivisionError):
        raise AgentFailure("Say a number that is not 0.", "NO_NUMBER") from None


statistics = Statistics()
app = create_app(CopilotRuntime(agents={"default": divider}, hooks=[statistics]))
