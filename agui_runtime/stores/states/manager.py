"""The one face over the saved states of all threads: one by one, many at once, and as a whole.

It asks nobody who they are: `CopilotRuntime` compares owners before it calls.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import replace
from typing import Any, TypeVar

import jsonpatch

from agui_runtime.core import jsontext
from agui_runtime.core.errors import (
    AguiError,
    InvalidInput,
    StateUnreadable,
    StoreUnavailable,
    ThreadNotFound,
)
from agui_runtime.core.fingerprints import state_digest
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.stores.base import AgentState, StateKey, Store
from agui_runtime.stores.layers.checked import CheckedStates, CheckedStore
from agui_runtime.stores.layers.state_schema import StateSchema
from agui_runtime.stores.shared.private_notes import PRIVATE_NOTES
from agui_runtime.stores.states.reports import Entry, Health, ImportReport, Statistics
from agui_runtime.stores.states.state_lines import from_line, to_line

T = TypeVar("T")

REPLACED = 50
"""So many states that were replaced by hand are remembered; edits beyond that are no page's."""

AT_ONCE = 16
"""So many states are asked for at a time; a store has others to answer, too."""


class StateStoreManager:
    """The states in a store, each agent's under its schema if it has one.

    What goes in is checked (InvalidInput), what comes out is migrated to the schema's present
    version (StateUnreadable where that cannot be). The store opens and closes by itself.
    """

    def __init__(
        self,
        store: Store,
        schemas: Mapping[str, StateSchema] | None = None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.schemas = dict(schemas or {})
        self.store: Store = CheckedStore(store, self.schemas) if self.schemas else store
        """The store for runs, which save as they end."""
        self._raw = store
        self._states = CheckedStates(store.states, self.schemas)
        self._clock = clock

    # One state

    async def load(self, thread_id: str, agent: str) -> AgentState | None:
        """What was last saved, migrated, or None; raises StateUnreadable."""
        return await self._states.load(thread_id, agent)

    async def save(
        self, thread_id: str, agent: str, saved: AgentState, expected_version: int | None = None
    ) -> int:
        """Store and return the new version; raises InvalidInput for what is no JSON or does not
        match the schema, Conflict, TooLarge, and ThreadNotFound for a thread that is not there.

        The agent's next run begins with it, also where a page sends one of the states before.
        """
        saved = replace(saved, replaced=await self._replaced(thread_id, agent))
        return await self._states.save(thread_id, agent, saved, expected_version)

    async def delete(self, thread_id: str, agent: str | None = None) -> None:
        """Forget one agent's state, or all of the thread's."""
        await self._states.delete(thread_id, agent)

    def check(self, agent: str, state: object) -> None:
        """Raises InvalidInput for a state that does not match the agent's schema."""
        self._states.check(agent, state)

    async def diff(self, before: StateKey, after: StateKey) -> list[JsonObject]:
        """What makes the one's state and messages out of the other's, as a JSON Patch (RFC 6902).

        What is not there counts as an empty state.
        """
        old, new = [await self._states.load(*key) or AgentState({}) for key in (before, after)]
        patch = jsonpatch.make_patch(_content(old), _content(new))
        return list(patch.patch)

    # Many states; what fails for one is reported for that one, and the others are done

    async def load_many(
        self, keys: Iterable[StateKey]
    ) -> dict[StateKey, AgentState | AguiError | None]:
        """Each state, None where there is none, or why it cannot be read."""
        return await _each(keys, lambda key: self.load(*key))

    async def save_many(
        self, states: Mapping[StateKey, AgentState]
    ) -> dict[StateKey, int | AguiError]:
        """Each new version, or why it was not saved."""
        return await _each(states, lambda key: self.save(*key, states[key]))

    async def delete_many(self, keys: Iterable[StateKey]) -> dict[StateKey, AguiError | None]:
        """For each None, or why it was not deleted."""
        return await _each(keys, lambda key: self.delete(*key))

    # All states

    async def entries(
        self, *, thread_id: str | None = None, agent: str | None = None, owner: str | None = None
    ) -> AsyncGenerator[Entry, None]:
        """All states as they were saved, not migrated, or those of a thread, agent or owner; close
        it (`aclosing`).
        """
        async with aclosing(self._states.keys(thread_id)) as keys:
            async for key in keys:
                if agent in (None, key.agent):
                    entry = await self._entry(key)
                    if owner is None or (entry.thread and entry.thread.owner == owner):
                        yield entry

    async def statistics(self) -> Statistics:
        """Counts and sizes of all states; reads each of them."""
        async with aclosing(self.entries()) as entries:
            all_ = [(entry.key, entry.bytes, entry.saved) async for entry in entries]
        sizes = [size for _, size, _ in all_]
        return Statistics(
            states=len(all_),
            threads=len({key.thread_id for key, _, _ in all_}),
            bytes=sum(sizes),
            largest=max(sizes, default=0),
            unreadable=sum(saved is None for _, _, saved in all_),
            agents=dict(Counter(key.agent for key, _, _ in all_)),
        )

    async def health(self) -> Health:
        """One question to the store."""
        begun = time.perf_counter()
        try:
            await self._raw.check()
        except StoreUnavailable as error:
            return Health(False, time.perf_counter() - begun, error.message)
        return Health(True, time.perf_counter() - begun)

    async def sweep(self, max_age: float | None = None) -> Sequence[StateKey]:
        """Delete the states whose thread is gone, and those saved more than `max_age` seconds ago
        on threads where nothing runs; returns what was deleted.
        """
        async with aclosing(self.entries()) as entries:
            due = [entry.key async for entry in entries if await self._is_due(entry, max_age)]
        await self.delete_many(due)
        return due

    async def export(
        self, *, thread_id: str | None = None, agent: str | None = None, owner: str | None = None
    ) -> AsyncGenerator[bytes, None]:
        """One JSON line for each state of a thread, as it was saved, but for PRIVATE_NOTES.

        Raises StateUnreadable, after all the others, if some could not be read.
        """
        lost = 0
        async with aclosing(self.entries(thread_id=thread_id, agent=agent, owner=owner)) as entries:
            async for entry in entries:
                if entry.key.agent in PRIVATE_NOTES:
                    continue
                if entry.saved is None or entry.thread is None:
                    lost += entry.saved is None
                    continue
                yield to_line(entry.key.agent, entry.thread, entry.saved)
        if lost:
            raise StateUnreadable(f"states that are damaged and not in the export: {lost}")

    async def import_lines(
        self, lines: Iterable[bytes], *, overwrite: bool = False
    ) -> ImportReport:
        """Save what `export` gave, migrated; makes threads that are not there.

        A state that is there already is a problem of its line, unless it may be overwritten. One
        bad line does not keep out the others.
        """
        report = ImportReport()
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                await self._import(line, None if overwrite else 0)
                report.saved += 1
            except AguiError as error:
                report.problems[number] = error.message
        return report

    async def _replaced(self, thread_id: str, agent: str) -> Sequence[str]:
        """The digests of the states that a page may hold which has not seen a new one."""
        try:
            before = await self._states.load(thread_id, agent) or AgentState()
        except StateUnreadable:
            before = AgentState()
        digest = await unless_long(is_much(before.state), state_digest, before.state)
        return [*before.replaced, digest][-REPLACED:]

    async def _import(self, line: bytes, expected_version: int | None) -> None:
        parsed = from_line(line)
        saved = self._states.current(parsed.agent, parsed.saved)
        self.check(parsed.agent, saved.state)
        try:
            await self._raw.threads.obtain(parsed.thread_id, parsed.owner, parsed.thread_agent)
        except ThreadNotFound:
            raise InvalidInput(
                f"thread {parsed.thread_id!r} belongs to another owner here"
            ) from None
        await self.save(parsed.thread_id, parsed.agent, saved, expected_version)

    async def _entry(self, key: StateKey) -> Entry:
        thread = await self._raw.threads.get(key.thread_id)
        try:
            saved = await self._raw.states.load(*key)
        except StateUnreadable as error:
            return Entry(key, thread, None, problem=error.message)
        if saved is None:
            return Entry(key, thread, None, problem="it was deleted just now")
        return Entry(key, thread, saved, len(jsontext.dumps(_content(saved))))

    async def _is_due(self, entry: Entry, max_age: float | None) -> bool:
        if entry.thread is None:
            return True
        if max_age is None or entry.saved is None:
            return False
        if entry.saved.saved_at >= self._clock() - max_age:
            return False
        return await self._raw.log.active(entry.key.thread_id) is None


def _content(saved: AgentState) -> dict[str, Any]:
    return {"state": saved.state, "messages": list(saved.messages)}


async def _each(
    keys: Iterable[StateKey], ask: Callable[[StateKey], Awaitable[T]]
) -> dict[StateKey, T | AguiError]:
    places = asyncio.Semaphore(AT_ONCE)

    async def outcome(key: StateKey) -> T | AguiError:
        async with places:
            try:
                return await ask(key)
            except AguiError as error:
                return error

    unique = list(dict.fromkeys(keys))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(outcome(key)) for key in unique]
    return {key: task.result() for key, task in zip(unique, tasks, strict=True)}
