"""A store whose runs are priced: the record of each says what its tokens cost, if that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from agui_runtime.core.events import RunInfo
from agui_runtime.core.figures import Cost
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.meter import usage_of
from agui_runtime.stores.base import Lease, RunEnd, RunLog, Store
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore


class Pricing(Protocol):
    """Who knows what a usage costs."""

    def prepare(self) -> None:
        """A run begins, and its usage will have to be priced. Takes no time."""

    async def cost(self, usage: Sequence[JsonObject]) -> Cost | None:
        """What all of it costs; None if that is not known of a part of it. Raises nothing."""


class PricedStore(DelegatingStore):
    """A `Store` over another one."""

    def __init__(self, store: Store, pricing: Pricing) -> None:
        super().__init__(store, PricedLog(store.log, pricing), store.states, store.threads)


class PricedLog(DelegatingLog):
    """`RunLog` that prices the runs of this process as they end.

    A run whose process is gone reported no usage: there is nothing to price.
    """

    def __init__(self, log: RunLog, pricing: Pricing) -> None:
        super().__init__(log)
        self._pricing = pricing

    async def claim(self, run: RunInfo, on_stop: Callable[[], None]) -> Lease:
        lease = await super().claim(run, on_stop)
        if lease.fresh:
            self._pricing.prepare()
        return lease

    async def release(self, lease: Lease, end: RunEnd) -> None:
        usage = usage_of(end.events[-1]) if end.events else ()
        if usage and end.figures is not None:
            cost = await self._pricing.cost(usage)
            end = replace(end, figures=replace(end.figures, cost=cost))
        await super().release(lease, end)
