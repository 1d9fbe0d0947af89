"""Items that a client names by their ids in place of sending them: they are looked up in threads of
the caller's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agui_runtime.core.events import Caller, Message
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.items import message_of
from agui_runtime.wires.openai.response_ids import ItemPlace, approval_place_of, item_place_of
from agui_runtime.wires.openai.response_request import REFERENCE
from agui_runtime.wires.openai.turns import stored_messages


async def resolved(
    messages: Sequence[Message], threads: Threads, caller: Caller, base: str | None
) -> tuple[list[Message], Mapping[str, Sequence[Message]]]:
    """The messages with those that the references name, and what the threads hold that these are
    of. Those of the thread `base` are known there, and left out. Raises BadRequest and Forbidden.
    """
    sources: dict[str, Sequence[Message]] = {}
    made: list[Message] = []
    for message in messages:
        if message["role"] != REFERENCE:
            made.append(message)
            continue
        place = _place(message["id"])
        if place.thread_id not in sources:
            sources[place.thread_id] = await stored_messages(place.thread_id, threads, caller)
        named = _named(message["id"], place, sources[place.thread_id])
        made += named if place.thread_id != base else ()
    return made, sources


def _named(id_: str, place: ItemPlace, stored: Sequence[Message]) -> Sequence[Message]:
    """Thoughts and questions are the agent's to know: nothing is made of them."""
    if not stored:
        raise _no_item(id_)
    if not place.of or place.kind in ("rs", "mcpr"):
        return ()
    found = message_of(place, stored)
    if not found:
        raise _no_item(id_)
    return [{key: value for key, value in each.items() if key != "id"} for each in found]


def _place(id_: str) -> ItemPlace:
    question = approval_place_of(id_)
    place = ItemPlace("mcpr", question.thread_id, "") if question else item_place_of(id_)
    if place is None:
        raise _no_item(id_)
    return place


def _no_item(id_: str) -> BadRequest:
    message = f"Item with id '{id_[:200]}' not found; what `store: false` made is not there, so"
    return BadRequest(f"{message} send the item itself", "input", "item_not_found")
