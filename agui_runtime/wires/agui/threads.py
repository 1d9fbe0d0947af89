"""A caller's threads: list, look into, rename, archive, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import Any

from agui_runtime.core.compact import compact
from agui_runtime.core.errors import InvalidInput
from agui_runtime.core.events import Event, Message, RunInfo, ThreadInfo
from agui_runtime.core.fold import fold
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.agui.egress import older
from agui_runtime.wires.agui.errors import HttpRefusal, not_found
from agui_runtime.wires.agui.exchange import AguiExchange
from agui_runtime.wires.agui.options import AguiOptions
from agui_runtime.wires.shared.figures import of_messages, shown_runs, shown_thread, shown_time
from agui_runtime.wires.shared.page_sizes import page_size

LONGEST_NAME = 200


class ThreadRoutes:
    """The handlers below `/threads`. A thread that does not exist yet looks empty, and so does
    another caller's; neither can be changed.
    """

    def __init__(self, runtime: CopilotRuntime, options: AguiOptions) -> None:
        self._runtime = runtime
        self._options = options

    async def page(self, exchange: AguiExchange) -> None:
        """`agentId`, `includeArchived`, `limit`, `cursor`, `search` and `figures` in the query;
        newest first.
        """
        query = exchange.query
        found = await self._runtime.threads.list(
            exchange.caller,
            agent=query.get("agentId") or None,
            include_archived=query.get("includeArchived") == "true",
            limit=page_size(query.get("limit")),
            cursor=query.get("cursor") or None,
            search=query.get("search") or None,
        )
        threads = [_described(thread) for thread in found.threads]
        if _wants_figures(exchange):
            threads = [await self._with_figures(each, exchange) for each in threads]
        await exchange.answer({"threads": threads, "nextCursor": found.next_cursor})

    async def update(self, exchange: AguiExchange, thread: str) -> None:
        """Rename with `name`, archive or bring back with `archived`."""
        name, archived = _changes(await exchange.payload(self._options.server.body))
        changed = await self._runtime.threads.update(
            thread, exchange.caller, name=name, archived=archived
        )
        await exchange.answer(_described(changed))

    async def archive(self, exchange: AguiExchange, thread: str) -> None:
        changed = await self._runtime.threads.update(thread, exchange.caller, archived=True)
        await exchange.answer(_described(changed))

    async def delete(self, exchange: AguiExchange, thread: str) -> None:
        """With all that it holds; Busy while it runs. With `memory=true` in the query also what is
        remembered from it: both or, where that cannot be read, neither.
        """
        memory = exchange.query.get("memory") == "true"
        await self._runtime.threads.delete(thread, exchange.caller, memory=memory)
        await exchange.answer(None, 204)

    async def subscribe(self, exchange: AguiExchange) -> None:
        raise HttpRefusal(422, {"error": "Changes are not announced here; ask GET /threads again."})

    async def clear(self, exchange: AguiExchange) -> None:
        """Delete all of the caller's threads, stopping those that run. For development."""
        if not self._options.server.development:
            raise not_found()
        while True:
            found = await self._runtime.threads.list(exchange.caller, include_archived=True)
            for thread in found.threads:
                await self._delete_stopped(thread.thread_id, exchange)
            if found.next_cursor is None:
                break
        await exchange.answer(None, 204)

    async def runs(self, exchange: AguiExchange, thread: str) -> None:
        """The runs that the log still holds, oldest first, each with what it took."""
        runs = await self._runs(exchange, thread)
        dropped = await self._dropped(exchange, thread, runs)
        await exchange.answer_list("runs", shown_runs(runs), dropped)

    async def messages(self, exchange: AguiExchange, thread: str) -> None:
        """With `figures` in the query, each with what it took, as far as that is known."""
        events = await self._events(exchange, thread)
        messages = await unless_long(_is_long(events), _shown, events)
        if _wants_figures(exchange):
            known = of_messages(await self._runs(exchange, thread))
            messages = [{**each, "figures": known.get(each["id"])} for each in messages]
        await exchange.answer_list(
            "messages", messages, await self._dropped(exchange, thread, events)
        )

    async def events(self, exchange: AguiExchange, thread: str) -> None:
        events = await self._events(exchange, thread)
        found = await unless_long(_is_long(events), compact, events)
        await exchange.answer_list("events", [shown for each in found if (shown := older(each))])

    async def state(self, exchange: AguiExchange, thread: str) -> None:
        """The shared state; null while there is none. One that was saved by hand counts until the
        next run begins with it, or with a newer one.
        """
        known = await self._runtime.threads.find(thread, exchange.caller)
        edit = known and await self._runtime.threads.edit(known, exchange.caller)
        if edit and not await self._runtime.store.log.active(thread):
            await exchange.answer({"state": edit.state or None})
            return
        events = await self._events(exchange, thread)
        state = (await unless_long(_is_long(events), fold, events)).state
        await exchange.answer({"state": state or None})

    async def _events(self, exchange: AguiExchange, thread: str) -> Sequence[Event]:
        if await self._runtime.threads.find(thread, exchange.caller) is None:
            return []
        return [each.event for each in await self._runtime.threads.read(thread, exchange.caller)]

    async def _runs(self, exchange: AguiExchange, thread: str) -> Sequence[RunInfo]:
        if await self._runtime.threads.find(thread, exchange.caller) is None:
            return []
        return await self._runtime.threads.runs(thread, exchange.caller)

    async def _dropped(self, exchange: AguiExchange, thread: str, found: Sized) -> int:
        """How many records are gone of a thread of which something was found."""
        return await self._runtime.threads.dropped(thread, exchange.caller) if found else 0

    async def _with_figures(
        self, thread: Mapping[str, Any], exchange: AguiExchange
    ) -> Mapping[str, Any]:
        """A thread that was deleted since it was listed looks as if it had no runs."""
        return {**thread, "figures": shown_thread(await self._runs(exchange, thread["id"]))}

    async def _delete_stopped(self, thread: str, exchange: AguiExchange) -> None:
        await self._runtime.stop(thread, exchange.caller)
        await self._runtime.store.log.wait_idle(thread)
        await self._runtime.threads.delete(thread, exchange.caller)


def _is_long(events: Sequence[Event]) -> bool:
    return len(events) > LONG_LIST or is_much(list(events))


def _shown(events: Sequence[Event]) -> Sequence[Mapping[str, Any]]:
    return [_flat(message) for message in fold(events).shared_messages]


def _described(thread: ThreadInfo) -> Mapping[str, Any]:
    return {
        "id": thread.thread_id,
        "name": thread.name,
        "agentId": thread.agent,
        "organizationId": "",
        "createdById": "",
        "archived": thread.archived,
        "createdAt": shown_time(thread.created_at),
        "updatedAt": shown_time(thread.updated_at),
    }


def _wants_figures(exchange: AguiExchange) -> bool:
    return exchange.query.get("figures") == "true"


def _changes(payload: object) -> tuple[str | None, bool | None]:
    if not isinstance(payload, dict):
        raise InvalidInput("the body must be a JSON object with `name` or `archived`")
    name, archived = payload.get("name"), payload.get("archived")
    if name is not None and not (isinstance(name, str) and 0 < len(name) <= LONGEST_NAME):
        raise InvalidInput(f"name: a text of 1 to {LONGEST_NAME} characters")
    if archived is not None and not isinstance(archived, bool):
        raise InvalidInput("archived: true or false")
    if name is None and archived is None:
        raise InvalidInput("give `name` or `archived`")
    return name, archived


def _flat(message: Message) -> Mapping[str, Any]:
    """The message as inspectors show it, with tool calls of `id`, `name` and `args`."""
    shown: dict[str, Any] = {key: message[key] for key in _SHOWN_KEYS if key in message}
    calls = [
        {"id": call["id"], "name": call["function"]["name"], "args": call["function"]["arguments"]}
        for call in message.get("toolCalls") or ()
    ]
    return {**shown, "toolCalls": calls} if calls else shown


_SHOWN_KEYS: Sequence[str] = ("id", "role", "content", "toolCallId")
