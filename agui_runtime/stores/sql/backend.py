"""The seam between the store and its dialects: who carries out steps, and who brings news."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from agui_runtime.stores.shared.renewal import Renewer
from agui_runtime.stores.shared.verdicts import Settle
from agui_runtime.stores.sql.step import Addition, Step

T = TypeVar("T")


class Listener(Protocol):
    """Who is given the news that other processes send; called in the event loop."""

    def on_change(self, thread_ids: Sequence[str]) -> None:
        """These threads may have more records, or other runs."""

    def on_anything(self) -> None:
        """News may have been missed: any thread may have changed."""

    def on_stop(self, thread_id: str, token: int) -> None:
        """Somebody asks that run to stop."""


class Backend(Protocol):
    """A database. Steps are carried out in the order of asking, whoever still waits for them; what
    is raised are the steps' own refusals and StoreUnavailable.
    """

    async def open(self, listener: Listener) -> None:
        """Connect; raises StoreUnavailable and Misconfigured."""

    async def close(self) -> None: ...

    async def check(self) -> None:
        """One look whether it answers now; raises StoreUnavailable."""

    def watch_commits(self, note: Callable[[int], None]) -> None:
        """See `Grouping`."""

    def write(self, step: Callable[[], Step[T]], news: str | None = None) -> asyncio.Future[T]:
        """Carry out a step; readers of the thread `news`, if any, are to see what it changed."""

    def write_urgently(
        self, step: Callable[[], Step[T]], news: str | None = None
    ) -> asyncio.Future[T]:
        """The same for what must be stored where the database is full, too: ends and stops."""

    def change(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        """The same for a step of one statement that no reader has to learn of."""

    def read(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        """Carry out a step that changes nothing."""

    def look(self, step: Callable[[], Step[T]]) -> asyncio.Future[T]:
        """The same for a step of one statement."""

    def append(self, addition: Addition, settle: Settle) -> None:
        """The commonest step; those that wait are carried out together. `settle` is called in the
        event loop, later and once, whoever still waits for it.
        """

    def renewer(self, seconds: float) -> Renewer:
        """What renews leases for so many seconds, from a thread of its own."""

    def send_stop(self, thread_id: str, token: int) -> None:
        """Tell other processes that the run is asked to stop."""
