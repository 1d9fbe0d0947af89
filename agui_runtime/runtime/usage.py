"""What the runs of an owner took, by model, agent, day or thread, whatever the store.

SQL stores sum up and count themselves; of others the runs are walked, which is limited.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import RunInfo, ThreadInfo
from agui_runtime.core.outcomes import Outcomes, Tally, outcomes_of, tallied
from agui_runtime.core.totals import DAY, Usage, UsageBy, divided, merged
from agui_runtime.off_loop import LONG_LIST, unless_long
from agui_runtime.stores.accounting import Accounting, Tallying
from agui_runtime.stores.base import Store, ThreadQuery
from agui_runtime.stores.layers.delegating import undelegated

WALKED_DAYS = 7
WALKED_THREADS = 10_000
"""So far back, and through so many threads, runs are walked where the store cannot sum up."""

PAGE = 100


async def usage_in(
    store: Store,
    owner: str | None,
    since: float | None,
    by: UsageBy,
    aliases: Mapping[str, str] | None = None,
) -> list[Usage]:
    """What the runs took that began since then (for 7 days, if that is None) and have ended, of an
    owner or, with None, of all; by key, the unknown one last. `aliases` are agents' former names.

    Raises InvalidInput where the runs have to be walked and are too many, or began too long ago.
    """
    start, below = _start(since), undelegated(store).threads
    if isinstance(below, Accounting):
        parts: Sequence[Usage] = await below.usage(owner, start, by)
    else:
        parts = divided(await _walked(store, owner, start), by)
    return merged([replace(it, key=_renamed(it.key, by, aliases)) for it in parts])


async def outcomes_in(
    store: Store,
    owner: str | None,
    since: float | None,
    by: UsageBy,
    aliases: Mapping[str, str] | None = None,
) -> list[Outcomes]:
    """How the same runs ended and how long they took; raises the same."""
    start, below = _start(since), undelegated(store).threads
    if isinstance(below, Tallying):
        tallies: Sequence[Tally] = await below.tallies(owner, start, by)
    else:
        tallies = tallied(await _walked(store, owner, start), by)
    if by == "agent" and aliases:
        tallies = [replace(it, key=_renamed(it.key, by, aliases)) for it in tallies]
    return await unless_long(len(tallies) > LONG_LIST, outcomes_of, tallies)


def _start(since: float | None) -> float:
    return time.time() - WALKED_DAYS * DAY if since is None else since


def _renamed(key: str | None, by: UsageBy, aliases: Mapping[str, str] | None) -> str | None:
    return (aliases or {}).get(key or "", key) if by == "agent" else key


async def _walked(store: Store, owner: str | None, since: float) -> list[RunInfo]:
    if since < time.time() - WALKED_DAYS * DAY - 1:
        raise InvalidInput(f"since: this store looks back {WALKED_DAYS} days at most")
    found: list[RunInfo] = []
    count = 0
    async with aclosing(_threads(store, owner)) as threads:
        async for thread in threads:
            if thread.updated_at < since:
                if owner is None:
                    continue
                break  # they come with the latest first
            count += 1
            if count > WALKED_THREADS:
                raise InvalidInput(
                    f"since: more than {WALKED_THREADS} threads were used since; begin later"
                )
            runs = await store.threads.runs(thread.thread_id)
            found += [run for run in runs if run.started_at >= since]
    return found


async def _threads(store: Store, owner: str | None) -> AsyncGenerator[ThreadInfo, None]:
    if owner is not None:
        query = ThreadQuery(include_archived=True, limit=PAGE)
        while True:
            page = await store.threads.list(owner, query)
            for thread in page.threads:
                yield thread
            if page.next_cursor is None:
                return
            query = replace(query, cursor=page.next_cursor)
    async with aclosing(store.threads.ids()) as ids:
        async for thread_id in ids:
            thread_ = await store.threads.get(thread_id)
            if thread_ is not None:
                yield thread_
