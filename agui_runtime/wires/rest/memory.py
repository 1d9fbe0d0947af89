"""What is remembered of the caller, as they read and change it."""

from __future__ import annotations

from agui_runtime.core.errors import InvalidInput
from agui_runtime.memories.entries import TIERS, Origin, Proposal, Tier
from agui_runtime.runtime.owned_memory import Wanted
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.rest.commands import CorrectCommand, RememberCommand, command_in
from agui_runtime.wires.rest.exchange import RestExchange
from agui_runtime.wires.rest.options import RestOptions
from agui_runtime.wires.shared.memories import shown_entries, shown_entry
from agui_runtime.wires.shared.page_sizes import page_size

_AS_FILE = ((b"content-disposition", b'attachment; filename="memory.json"'),)


class MemoryRoutes:
    """The handlers below `/memory`."""

    def __init__(self, runtime: CopilotRuntime, options: RestOptions) -> None:
        self._memory = runtime.owned_memory
        self._limits = options.server.body

    async def list(self, exchange: RestExchange) -> None:
        query = exchange.query
        page = await self._memory.page(
            exchange.caller,
            Wanted(_tier(query.get("tier"))),
            limit=page_size(query.get("limit")),
            cursor=query.get("cursor") or None,
        )
        await exchange.answer(
            {"entries": shown_entries(page.entries), "nextCursor": page.next_cursor}
        )

    async def export(self, exchange: RestExchange) -> None:
        """Everything, as a file."""
        found = await self._memory.all(exchange.caller)
        await exchange.answer_much({"entries": shown_entries(found)}, _AS_FILE)

    async def remember(self, exchange: RestExchange) -> None:
        given = command_in(RememberCommand, await exchange.json(self._limits))
        proposal = Proposal(given.tier, given.text, Origin(), given.key, given.entity)
        made = await self._memory.remember(exchange.caller, proposal)
        await exchange.answer(shown_entry(made), 201)

    async def correct(self, exchange: RestExchange, entry: str) -> None:
        given = command_in(CorrectCommand, await exchange.json(self._limits))
        made = await self._memory.correct(exchange.caller, entry, given.text)
        await exchange.answer(shown_entry(made))

    async def delete(self, exchange: RestExchange, entry: str) -> None:
        await self._memory.delete(exchange.caller, entry)
        await exchange.reply(204, (), b"")

    async def delete_thread(self, exchange: RestExchange, thread: str) -> None:
        count = await self._memory.delete_thread(exchange.caller, thread)
        await exchange.answer({"deleted": count})

    async def forget(self, exchange: RestExchange) -> None:
        await self._memory.forget(exchange.caller)
        await exchange.reply(204, (), b"")


def _tier(text: str | None) -> Tier | None:
    """Raises InvalidInput for one that there is not."""
    if not text:
        return None
    for tier in TIERS:
        if tier == text:
            return tier
    raise InvalidInput(f"tier: one of {', '.join(TIERS)}")
