"""Keeps a run's lease on its thread alive while the run is carried out. It appends nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from agui_runtime.errors import OwnerLost, StoreUnavailable
from agui_runtime.stores.base import Lease, RunLog

logger = logging.getLogger(__name__)


@asynccontextmanager
async def renewed(log: RunLog, lease: Lease, on_lost: Callable[[], None]) -> AsyncIterator[None]:
    """Renew the lease while the block runs; `on_lost` is called once if somebody else took it."""
    if lease.renew_every is None:
        yield
        return
    renewing = asyncio.create_task(_renew(log, lease, lease.renew_every, on_lost))
    try:
        yield
    finally:
        while not renewing.done():  # a store's client may forget a first cancellation
            renewing.cancel()
            await asyncio.wait([renewing], timeout=0.1)


async def _renew(log: RunLog, lease: Lease, every: float, on_lost: Callable[[], None]) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            await log.renew(lease)
        except OwnerLost:
            on_lost()
            return
        except StoreUnavailable:
            logger.warning("the lease of run %s could not be renewed yet", lease.run.run_id)
