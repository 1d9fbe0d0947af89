"""What is remembered of a caller: list, remember, correct, delete, forget. It starts no runs.

An entry of somebody else is as unknown as one that does not exist.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agui_runtime.core.access import Resource
from agui_runtime.core.errors import OneMessage, RequestError
from agui_runtime.core.events import ANONYMOUS, Caller
from agui_runtime.memories.entries import Entry, Proposal, Tier, Unreadable
from agui_runtime.memories.listing import place_of
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.permissions import Permissions
from agui_runtime.stores.shared.pages import place_after


class MemoryOff(OneMessage, RequestError):
    """The runtime has no memory."""

    code, status = "MEMORY_OFF", 404
    text = "this server remembers nothing of its users; whoever runs it can give it a memory"


class MemoryOfNobody(OneMessage, RequestError):
    """The caller did not say who they are, and the runtime has no memory that all such share."""

    code, status = "MEMORY_ANONYMOUS", 403
    text = "nothing is remembered of callers who did not say who they are: sign in first"


class MemoryPage(NamedTuple):
    """Entries, the latest first, those that do not open last; the cursor of the page behind them,
    None where there is none.
    """

    entries: Sequence[Entry | Unreadable]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of a tier, from a thread, with these ids; None where that does not matter."""

    tier: Tier | None = None
    thread_id: str | None = None
    ids: Collection[str] | None = None

    def has(self, entry: Entry | Unreadable) -> bool:
        """Whether it is one of these; the thread of one that does not open is not known."""
        thread = entry.origin.thread_id if isinstance(entry, Entry) else None
        return (
            self.tier in (None, entry.tier)
            and self.thread_id in (None, thread)
            and (self.ids is None or entry.id in self.ids)
        )


ALL = Wanted()


class OwnedMemory:
    """What a caller may see and change of the runtime's memory. All methods raise MemoryOff,
    MemoryOfNobody, Forbidden, MemoryUnreadable where no key opens what is kept, and
    StoreUnavailable.
    """

    def __init__(self, memory: Memory | None, permissions: Permissions) -> None:
        self._memory = memory
        self._permissions = permissions

    def is_there_for(self, caller: Caller) -> bool:
        """Whether anything may be remembered of the caller."""
        memory = self._memory
        return memory is not None and (memory.anonymous or caller.owner != ANONYMOUS.owner)

    async def page(
        self, caller: Caller, wanted: Wanted = ALL, *, limit: int, cursor: str | None = None
    ) -> MemoryPage:
        """So many of these entries; raises InvalidInput for a foreign cursor."""
        start = place_after(cursor)
        every = await self.all(caller, wanted.tier)
        found = [each for each in every if wanted.has(each) and place_of(each) < start]
        page, rest = found[:limit], found[limit:]
        return MemoryPage(page, "{}/{}".format(*place_of(page[-1])) if rest else None)

    async def all(self, caller: Caller, tier: Tier | None = None) -> Sequence[Entry | Unreadable]:
        """All entries of the tier, or of all, in the same order."""
        memory = await self._allowed(caller)
        return await memory.list(caller.owner, tier)

    async def remember(self, caller: Caller, proposal: Proposal) -> Entry:
        """Write it; raises InvalidInput for what may not be remembered, and TooLarge where there is
        no room.
        """
        memory = await self._allowed(caller)
        (entry,) = await memory.remember(caller.owner, [proposal])
        return entry

    async def correct(self, caller: Caller, entry_id: str, text: str) -> Entry:
        """Put the text in the place of what the entry says, which may give it another id; raises
        EntryNotFound, and as `remember`.
        """
        memory = await self._allowed(caller)
        return await memory.correct(caller.owner, entry_id, text)

    async def delete(self, caller: Caller, entry_id: str) -> None:
        """Also one that does not open; raises EntryNotFound."""
        memory = await self._allowed(caller)
        await memory.delete(caller.owner, entry_id)

    async def delete_thread(self, caller: Caller, thread_id: str) -> int:
        """Delete what came from the thread, which may be gone by now; how many entries. Nothing is
        learned of what was said in it until then.
        """
        memory = await self._allowed(caller, thread_id)
        return await memory.delete_thread(caller.owner, thread_id)

    async def forget(self, caller: Caller) -> None:
        """Delete everything, and first the owner's key; nothing is learned of what was said until
        then. That key may be one that does not open, but not the one that makes owners' names.
        """
        memory = await self._allowed(caller)
        await memory.forget(caller.owner)

    async def _allowed(self, caller: Caller, thread_id: str | None = None) -> Memory:
        await self._permissions.check(caller, "memory", Resource(thread_id=thread_id))
        if self._memory is None:
            raise MemoryOff
        if not self.is_there_for(caller):
            raise MemoryOfNobody
        return self._memory
