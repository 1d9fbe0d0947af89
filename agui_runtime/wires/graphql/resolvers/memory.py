"""What is remembered of the caller: queries and mutations."""

from __future__ import annotations

from typing import Self

import strawberry

from agui_runtime.core.errors import Forbidden, ThreadNotFound
from agui_runtime.memories.entries import Entry, Origin, Unreadable
from agui_runtime.runtime.owned_memory import Wanted
from agui_runtime.wires.graphql.answer.context import Info
from agui_runtime.wires.graphql.nouns.memory import TIERS, MemoryTier, RememberInput
from agui_runtime.wires.graphql.nouns.pages import PageInfo, check_page
from agui_runtime.wires.graphql.nouns.scalars import DateTimeISO
from agui_runtime.wires.graphql.nouns.usage import moment
from agui_runtime.wires.graphql.resolvers.exploration import ExploredThread
from agui_runtime.wires.shared.memories import confidence_of


@strawberry.type
class MemoryOrigin:
    """Where an entry comes from, as far as that is known; `extractor` is who wrote it: `user`,
    `agent`, `rules`, or the name of a model.
    """

    thread_id: str
    run_id: str
    message_id: str
    extractor: str

    @strawberry.field
    async def thread(self, info: Info) -> ExploredThread | None:
        """The thread of that id; null where it is gone."""
        context = info.context
        if not self.thread_id:
            return None
        try:
            found = await context.runtime.threads.get(self.thread_id, context.caller)
        except (Forbidden, ThreadNotFound):
            return None
        return ExploredThread.of(found)

    @classmethod
    def of(cls, origin: Origin) -> Self:
        return cls(
            thread_id=origin.thread_id,
            run_id=origin.run_id,
            message_id=origin.message_id,
            extractor=origin.extractor,
        )


@strawberry.type
class MemoryEntry:
    """Something that is remembered. `key` is what core memory knows it by, and `entity` what a fact
    is about, if not the user. `times` counts how often it was noticed, `confidence` (0 to 1) says
    how likely a pattern is to be taken up by now, and is null for all else. One that no key opens
    is not `readable`: its texts are empty, and it can only be deleted.
    """

    id: str
    tier: MemoryTier
    readable: bool
    text: str = ""
    key: str = ""
    entity: str = ""
    times: int = 0
    confidence: float | None = None
    created_at: DateTimeISO | None = None
    updated_at: DateTimeISO | None = None
    origin: MemoryOrigin

    @classmethod
    def of(cls, entry: Entry | Unreadable) -> Self:
        if isinstance(entry, Unreadable):
            nowhere = MemoryOrigin.of(Origin(extractor=""))
            return cls(id=entry.id, tier=MemoryTier(entry.tier), readable=False, origin=nowhere)
        return cls(
            id=entry.id,
            tier=MemoryTier(entry.tier),
            readable=True,
            text=entry.text,
            key=entry.key,
            entity=entry.entity,
            times=entry.times,
            confidence=confidence_of(entry),
            created_at=moment(entry.created_at),
            updated_at=moment(entry.updated_at),
            origin=MemoryOrigin.of(entry.origin),
        )


@strawberry.type
class MemoryConnection:
    nodes: list[MemoryEntry]
    page_info: PageInfo


@strawberry.type
class MemoryQuery:
    """Fields of the query root."""

    @strawberry.field
    async def memory(
        self,
        info: Info,
        tier: MemoryTier | None = None,
        first: int = 50,
        after: str | None = None,
        thread_id: str | None = None,
        ids: list[str] | None = None,
    ) -> MemoryConnection:
        """What is remembered of the caller, the latest first, and last what no key opens: in one
        tier or in all, from one thread or from all, and with these ids or with any.
        """
        check_page(first)
        chosen = None if tier is None else TIERS[tier]
        wanted = Wanted(chosen, thread_id, None if ids is None else frozenset(ids))
        memory, caller = info.context.runtime.owned_memory, info.context.caller
        page = await memory.page(caller, wanted, limit=first, cursor=after)
        nodes = [MemoryEntry.of(each) for each in page.entries]
        return MemoryConnection(nodes=nodes, page_info=PageInfo.to(page.next_cursor))


@strawberry.type
class MemoryMutation:
    """Fields of the mutation root."""

    @strawberry.mutation
    async def remember(self, info: Info, data: RememberInput) -> MemoryEntry:
        """Remember something of the caller; it says so itself, and no thread does."""
        context = info.context
        return MemoryEntry.of(
            await context.runtime.owned_memory.remember(context.caller, data.proposal)
        )

    @strawberry.mutation
    async def correct_memory(self, info: Info, id: str, text: str) -> MemoryEntry:
        """Replace what an entry says; its id may be another one then."""
        context = info.context
        return MemoryEntry.of(await context.runtime.owned_memory.correct(context.caller, id, text))

    @strawberry.mutation
    async def delete_memory(self, info: Info, id: str) -> str:
        """Delete an entry, also one that no key opens; its id."""
        await info.context.runtime.owned_memory.delete(info.context.caller, id)
        return id

    @strawberry.mutation
    async def delete_thread_memory(self, info: Info, thread_id: str) -> int:
        """Delete what came from a thread, which may be gone by now; how many entries."""
        context = info.context
        return await context.runtime.owned_memory.delete_thread(context.caller, thread_id)

    @strawberry.mutation
    async def forget_me(self, info: Info) -> bool:
        """Delete all that is remembered of the caller; true when it is gone."""
        await info.context.runtime.owned_memory.forget(info.context.caller)
        return True
