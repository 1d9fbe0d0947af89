"""In which thread a response is made, and after which messages."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from agui_runtime.core.events import Caller, Message
from agui_runtime.core.history import PROMPTS, without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.openai.conversations import Turn, messages_in, run_input
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.messages import numbered
from agui_runtime.wires.openai.response_ids import place_of
from agui_runtime.wires.openai.response_request import ResponseRequest


async def response_turn(request: ResponseRequest, threads: Threads, caller: Caller) -> Turn:
    """The turn on the thread of what the request goes on from, or on a new one; beside all threads
    where it is not to be stored. Raises BadRequest, InvalidInput and Forbidden.
    """
    thread, known = await _before(request, threads, caller)
    prompts = [each for each in request.messages if each["role"] in PROMPTS]
    new = numbered(without_prompts(request.messages), f"msg-{uuid.uuid4().hex}")
    whole = [*numbered(prompts, "prompt"), *known, *new]
    given = await run_input(request, whole, thread if request.store else "")
    return Turn(given, beside=not request.store)


async def _before(
    request: ResponseRequest, threads: Threads, caller: Caller
) -> tuple[str, Sequence[Message]]:
    """The thread, and its messages."""
    if request.previous is not None:
        return await _after(request.previous, threads, caller)
    if request.conversation is None:
        return _new_thread(), ()
    check_id(request.conversation, "conversation")
    if await threads.find(request.conversation, caller) is None:
        return request.conversation, ()
    records = await threads.read(request.conversation, caller)
    return request.conversation, await messages_in(records)


async def _after(previous: str, threads: Threads, caller: Caller) -> tuple[str, Sequence[Message]]:
    """A copy of the thread where it went on since then: nothing of what followed is taken back."""
    place = place_of(previous)
    if place is None or await threads.find(place.thread_id, caller) is None:
        raise _no_previous(previous)
    records = await threads.read(place.thread_id, caller)
    ends = [index for index, each in enumerate(records, 1) if each.run_id == place.run_id]
    if not ends:
        raise _no_previous(previous)
    is_latest = ends[-1] == len(records)
    messages = await messages_in(records[: ends[-1]])
    return place.thread_id if is_latest else _new_thread(), messages


def _new_thread() -> str:
    return str(uuid.uuid4())


def _no_previous(id_: str) -> BadRequest:
    message = f"Previous response with id '{id_[:200]}' not found"
    return BadRequest(message, "previous_response_id", "previous_response_not_found")
