"""A store that reports what each run took before its end is stored."""

from __future__ import annotations

from typing import Protocol

from agui_runtime.core.figures import RunFigures
from agui_runtime.stores.base import Lease, RunEnd, RunLog, Store
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore


class Accounts(Protocol):
    """Who counts what runs take."""

    async def spend(self, owner: str, figures: RunFigures) -> None:
        """A run of the owner has ended and took that. Raises nothing that could be expected."""


class AccountedStore(DelegatingStore):
    """A `Store` over another one."""

    def __init__(self, store: Store, accounts: Accounts) -> None:
        super().__init__(store, AccountedLog(store.log, accounts), store.states, store.threads)


class AccountedLog(DelegatingLog):
    """`RunLog` that reports runs of this process."""

    def __init__(self, log: RunLog, accounts: Accounts) -> None:
        super().__init__(log)
        self._accounts = accounts

    async def release(self, lease: Lease, end: RunEnd) -> None:
        # First, so that whoever has read the end of a run finds it counted.
        if end.figures is not None:
            await self._accounts.spend(lease.run.owner, end.figures)
        await super().release(lease, end)
