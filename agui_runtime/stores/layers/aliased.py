"""A store whose threads are found under the present names of agents that were renamed.

What was stored under an agent's former name stays where it is; whoever reads sees the new one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TypeVar

from agui_runtime.core.events import RunInfo, ThreadInfo
from agui_runtime.stores.base import (
    ALL_THREADS,
    AgentState,
    Page,
    RunLog,
    StateKey,
    StateStore,
    Store,
    ThreadIndex,
    ThreadQuery,
)
from agui_runtime.stores.layers.delegating import DelegatingLog, DelegatingStore

Named = TypeVar("Named", RunInfo, ThreadInfo)


class Names:
    """The present name of each former one, and back. `aliases` maps former names to present ones.

    Beside an agent's state stand its notes, under its name and a `#` with more behind it.
    """

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._present = dict(aliases)

    def present(self, name: str) -> str:
        agent, *note = name.split("#", 1)
        return "#".join([self._present.get(agent, agent), *note])

    def former(self, name: str) -> list[str]:
        """The names under which there may be something, too; the latest alias first."""
        agent, *note = name.split("#", 1)
        names = [old for old, new in reversed(self._present.items()) if new == agent]
        return ["#".join([old, *note]) for old in names]

    def every(self, names: Collection[str]) -> set[str]:
        present = {self.present(name) for name in names}
        return present.union(*(self.former(name) for name in present))

    def shown(self, info: Named) -> Named:
        return replace(info, agent=self.present(info.agent))


class AliasedStore(DelegatingStore):
    """A `Store` over another one. Raises what that raises."""

    def __init__(self, store: Store, aliases: Mapping[str, str]) -> None:
        names = Names(aliases)
        super().__init__(
            store,
            _Log(store.log, names),
            _States(store.states, names),
            _Threads(store.threads, names),
        )


class _States:
    """A state under a former name counts as version 0 of the present one: nothing is saved yet."""

    def __init__(self, states: StateStore, names: Names) -> None:
        self._states = states
        self._names = names

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        found = await self._states.load(thread_id, agent)
        for name in self._names.former(agent) if found is None else ():
            before = await self._states.load(thread_id, name)
            if before is not None:
                return replace(before, version=0)
        return found

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        return await self._states.save(thread_id, agent, saved, expected_version)

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        for name in (agent, *(self._names.former(agent) if agent else ())):
            await self._states.delete(thread_id, name)

    async def keys(self, thread_id: str | None = None) -> AsyncGenerator[StateKey, None]:
        """Those under former names are there under the present one, once."""
        seen: set[StateKey] = set()
        async with aclosing(self._states.keys(thread_id)) as keys:
            async for key in keys:
                present = key._replace(agent=self._names.present(key.agent))
                if present not in seen:
                    seen.add(present)
                    yield present


class _Threads:
    def __init__(self, threads: ThreadIndex, names: Names) -> None:
        self._threads = threads
        self._names = names

    async def get(self, thread_id: str) -> ThreadInfo | None:
        found = await self._threads.get(thread_id)
        return found and self._names.shown(found)

    async def obtain(self, thread_id: str, owner: str, agent: str) -> ThreadInfo:
        return self._names.shown(await self._threads.obtain(thread_id, owner, agent))

    def ids(self) -> AsyncGenerator[str, None]:
        return self._threads.ids()

    async def list(self, owner: str, query: ThreadQuery = ALL_THREADS) -> Page:
        page = await self._threads.list(
            owner, replace(query, agents=self._names.every(query.agents))
        )
        return replace(page, threads=[self._names.shown(each) for each in page.threads])

    async def update(
        self, thread_id: str, *, name: str | None = None, archived: bool | None = None
    ) -> ThreadInfo:
        changed = await self._threads.update(thread_id, name=name, archived=archived)
        return self._names.shown(changed)

    async def delete(self, thread_id: str) -> None:
        await self._threads.delete(thread_id)

    async def runs(self, thread_id: str) -> Sequence[RunInfo]:
        return [self._names.shown(each) for each in await self._threads.runs(thread_id)]

    async def runs_of(self, thread_ids: Sequence[str]) -> Mapping[str, Sequence[RunInfo]]:
        found = await self._threads.runs_of(thread_ids)
        return {key: [self._names.shown(each) for each in runs] for key, runs in found.items()}


class _Log(DelegatingLog):
    def __init__(self, log: RunLog, names: Names) -> None:
        super().__init__(log)
        self._names = names

    async def active(self, thread_id: str) -> RunInfo | None:
        live = await super().active(thread_id)
        return live and self._names.shown(live)
