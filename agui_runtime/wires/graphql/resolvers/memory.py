"""What is remembered of the caller: queries and mutations."""

from __future__ import annotations

import strawberry

from agui_runtime.wires.graphql.answer.context import Info
from agui_runtime.wires.graphql.nouns.memory import TIERS, MemoryEntry, MemoryTier, RememberInput
from agui_runtime.wires.graphql.nouns.pages import PageInfo, check_page


@strawberry.type
class MemoryConnection:
    nodes: list[MemoryEntry]
    page_info: PageInfo


@strawberry.type
class MemoryQuery:
    """Fields of the query root."""

    @strawberry.field
    async def memory(
        self, info: Info, tier: MemoryTier | None = None, first: int = 50, after: str | None = None
    ) -> MemoryConnection:
        """What is remembered of the caller, in one tier or in all: the latest first, and last what
        no key opens.
        """
        check_page(first)
        chosen = None if tier is None else TIERS[tier]
        memory, caller = info.context.runtime.owned_memory, info.context.caller
        page = await memory.page(caller, chosen, limit=first, cursor=after)
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
        """Delete all that is remembered of the caller, and the key that opens it in backups; true
        when it is gone.
        """
        await info.context.runtime.owned_memory.forget(info.context.caller)
        return True
