"""Ends runs for which no worker has come, in every process that posts runs or carries them out."""

from __future__ import annotations

import asyncio

from agui_runtime.core.errors import AguiError
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.core.queueing import QueueTimeout
from agui_runtime.runtime.adoption import Adoption, Stock

logger = lasting_logger_of(__name__)

EVERY = 5.0

MOST = 50
"""So many at a time."""


class OverdueRuns:
    """It adopts them first, so that what their users wrote stays in their threads."""

    def __init__(self, stock: Stock, adoption: Adoption, seconds: float) -> None:
        self._stock = stock
        self._adoption = adoption
        self._seconds = seconds

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(min(EVERY, self._seconds))
            try:
                while await self._end_some():
                    pass
            except AguiError as error:
                logger.warning("looking for runs that wait too long failed: %s", error.message)
            except Exception:  # a foreign SDK: the store's client
                logger.exception("looking for runs that wait too long failed")

    async def _end_some(self) -> bool:
        """Whether more may be overdue, which the store would end without their messages."""
        offers = await self._stock.jobs().overdue(self._seconds, MOST)
        ended = 0
        for offer in offers:
            if await self._adoption.end(offer.thread_id, offer.run_id, QueueTimeout()):
                ended += 1
                logger.error("no worker of queue %s took run %s", offer.queue, offer.run_id)
        return ended > 0 and len(offers) == MOST
