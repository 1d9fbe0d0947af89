"""Ends runs for which no worker has come."""

from __future__ import annotations

from collections.abc import Mapping

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.queueing import QueuedAgentGone, QueueFigures, QueueTimeout
from agui_runtime.runtime.adoption import Adoption, Stock
from agui_runtime.stores.jobs import Offer

logger = lasting_logger_of(__name__)

MOST = 50
"""So many at a time."""


class OverdueRuns:
    """It adopts them first, so that what their users wrote stays in their threads."""

    def __init__(self, stock: Stock, adoption: Adoption, seconds: float) -> None:
        self.seconds = seconds
        """So long may a run wait."""
        self._stock = stock
        self._adoption = adoption

    async def figures(self) -> Mapping[str, QueueFigures]:
        """Those of all queues, from the store."""
        return await self._stock.jobs().figures()

    async def end_all(self, figures: Mapping[str, QueueFigures]) -> None:
        """The store is looked through only if a queue's figures say that there are any."""
        if any(each.oldest_seconds >= self.seconds for each in figures.values()):
            while await self._end_some():
                pass

    async def _end_some(self) -> bool:
        """Whether more may be overdue, which the store would end without their messages."""
        offers = await self._stock.jobs().overdue(self.seconds, MOST)
        ended = 0
        for offer in offers:
            cause = await self._cause(offer)
            if await self._adoption.end(offer.thread_id, offer.run_id, cause):
                ended += 1
                logger.error("no worker of queue %s took run %s", offer.queue, offer.run_id)
        return ended > 0 and len(offers) == MOST

    async def _cause(self, offer: Offer) -> AguiError:
        """Nobody was free, or nobody has the agent, which may be gone since the run was posted."""
        run = await self._stock.store().log.active(offer.thread_id)
        if run is None or self._adoption.knows(run.agent):
            return QueueTimeout()
        return QueuedAgentGone(run.agent)
