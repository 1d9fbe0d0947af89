"""`/conversations`: the caller's threads, whichever wire began them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from functools import partial

from agui_runtime.core.errors import ThreadNotFound
from agui_runtime.core.events import Caller, Message, ThreadInfo
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.runtime.thread_edits import ThreadEdits
from agui_runtime.wires.openai.conversation_request import items_to_add, metadata_in
from agui_runtime.wires.openai.errors import NotThere
from agui_runtime.wires.openai.exchange import OpenAIExchange
from agui_runtime.wires.openai.item_pages import listed, page_of
from agui_runtime.wires.openai.items import items_in, items_of, without_item
from agui_runtime.wires.openai.messages import numbered
from agui_runtime.wires.openai.options import OpenAIOptions
from agui_runtime.wires.openai.response_ids import ItemPlace, item_place_of

NOTE = "openai.metadata"


class Conversations:
    """The handlers of `/conversations` and of what is below. A conversation of somebody else is as
    unknown as one that there is not.
    """

    def __init__(self, runtime: CopilotRuntime, options: OpenAIOptions) -> None:
        self._runtime = runtime
        self._edits = ThreadEdits(runtime)
        self._limits = options.server.body

    async def create(self, exchange: OpenAIExchange) -> None:
        """Begin a thread, with or without messages."""
        body = await exchange.body(self._limits)
        metadata = metadata_in(body, required=False)
        messages = _with_ids(items_to_add(body, self._limits, required=False))
        thread = await self._edits.create(f"conv_{uuid.uuid4().hex}", exchange.caller)
        if metadata:
            await self._note(thread.thread_id, exchange.caller, metadata)
        if messages:
            await self._edits.add(thread.thread_id, exchange.caller, messages)
        await exchange.answer(_conversation(thread, metadata))

    async def retrieve(self, exchange: OpenAIExchange, conversation: str) -> None:
        thread = await self._found(conversation, exchange.caller)
        metadata = await self._edits.note(conversation, exchange.caller, NOTE)
        await exchange.answer(_conversation(thread, metadata))

    async def update(self, exchange: OpenAIExchange, conversation: str) -> None:
        """Replace the metadata."""
        thread = await self._found(conversation, exchange.caller)
        metadata = metadata_in(await exchange.body(self._limits), required=True)
        await self._note(conversation, exchange.caller, metadata)
        await exchange.answer(_conversation(thread, metadata))

    async def delete(self, exchange: OpenAIExchange, conversation: str) -> None:
        """Forget the thread with all that is in it."""
        await self._found(conversation, exchange.caller)
        await self._runtime.threads.delete(conversation, exchange.caller)
        deleted = {"id": conversation, "object": "conversation.deleted", "deleted": True}
        await exchange.answer(deleted)

    async def items(self, exchange: OpenAIExchange, conversation: str) -> None:
        """A page of what is in it."""
        items = await self._items(conversation, exchange.caller)
        await exchange.answer_much(page_of(items, exchange.query))

    async def add_items(self, exchange: OpenAIExchange, conversation: str) -> None:
        """Append messages; no agent answers them before the next response."""
        await self._found(conversation, exchange.caller)
        body = await exchange.body(self._limits)
        messages = _with_ids(items_to_add(body, self._limits, required=True))
        await self._edits.add(conversation, exchange.caller, messages)
        await exchange.answer_much(listed(items_of(messages, conversation)))

    async def item(self, exchange: OpenAIExchange, conversation: str, item: str) -> None:
        for each in await self._items(conversation, exchange.caller):
            if each["id"] == item:
                await exchange.answer_much(each)
                return
        raise _no_item(item)

    async def delete_item(self, exchange: OpenAIExchange, conversation: str, item: str) -> None:
        """Take it out of the thread, for every reader."""
        thread = await self._found(conversation, exchange.caller)
        if item not in {each["id"] for each in await self._items(conversation, exchange.caller)}:
            raise _no_item(item)
        place = item_place_of(item)
        if place is None:
            raise _no_item(item)
        await self._edits.change(conversation, exchange.caller, _dropping(place))
        metadata = await self._edits.note(conversation, exchange.caller, NOTE)
        await exchange.answer(_conversation(thread, metadata))

    async def _found(self, conversation: str, caller: Caller) -> ThreadInfo:
        """Raises NotThere and Forbidden."""
        try:
            return await self._runtime.threads.get(conversation, caller)
        except ThreadNotFound:
            message = f"Conversation with id '{conversation[:200]}' not found"
            raise NotThere(message) from None

    async def _items(self, conversation: str, caller: Caller) -> Sequence[JsonObject]:
        await self._found(conversation, caller)
        records = await self._runtime.threads.read(conversation, caller)
        events = [each.event for each in records]
        long = len(events) > LONG_LIST or is_much(events)
        return await unless_long(long, items_in, events, conversation)

    async def _note(self, conversation: str, caller: Caller, metadata: Json) -> None:
        await self._edits.write_note(conversation, caller, NOTE, lambda before: metadata)


def _dropping(place: ItemPlace) -> Callable[[Sequence[Message]], Sequence[Message]]:
    return partial(without_item, item=place)


def _with_ids(messages: Sequence[Message]) -> Sequence[Message]:
    return numbered(messages, f"msg-{uuid.uuid4().hex}")


def _conversation(thread: ThreadInfo, metadata: Json) -> JsonObject:
    about = {"id": thread.thread_id, "object": "conversation"}
    return {**about, "created_at": int(thread.created_at), "metadata": metadata or {}}


def _no_item(id_: str) -> NotThere:
    return NotThere(f"Item with id '{id_[:200]}' not found")
