"""From a request's conversation to the input of a run: on a thread that it names, or beside all."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import typed
from agui_runtime.core.events import Caller, Message, Record
from agui_runtime.core.fold import fold
from agui_runtime.core.history import PROMPTS, without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.core.jsontext import Json
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.openai.chat_request import ChatRequest
from agui_runtime.wires.openai.continuation import continued
from agui_runtime.wires.openai.errors import BadRequest
from agui_runtime.wires.openai.messages import numbered
from agui_runtime.wires.openai.response_request import ResponseRequest
from agui_runtime.wires.shared.http import Headers

NOTHING_MORE: Mapping[str, Json] = {}


class Turn(NamedTuple):
    """What a run is given; `beside` says that no thread is to know of it."""

    input: RunAgentInput
    beside: bool


def thread_of(request: ChatRequest, headers: Headers, names: Collection[str]) -> str | None:
    """The thread that the request names, in its metadata or in a header; raises BadRequest for two
    of them, and InvalidInput for what is no id.
    """
    sent = [value.decode("latin-1") for name, value in headers if name.decode("latin-1") in names]
    named = {each for each in (*sent, request.thread_id) if each}
    if len(named) > 1:
        message = f"metadata.thread_id, {', '.join(names)}: the request names two threads"
        raise BadRequest(message, "metadata.thread_id", "invalid_value")
    for thread in named:
        check_id(thread, "thread")
        return thread
    return None


async def turn(request: ChatRequest, thread: str | None, threads: Threads, caller: Caller) -> Turn:
    """The turn that the request is. One that does not go on from what its thread holds is none of
    that thread's: it is answered, and leaves no trace there. Raises Forbidden.
    """
    if thread is None:
        return await _beside(request)
    known = await stored_messages(thread, threads, caller)
    long = is_much(known, request.messages)
    messages = await unless_long(long, continued, known, request.messages, new_message_id)
    if messages is None:
        return await _beside(request)
    prompts = [each for each in request.messages if each["role"] in PROMPTS]
    whole = [*numbered(prompts, "prompt"), *messages]
    return Turn(await run_input(request, whole, thread), beside=False)


async def _beside(request: ChatRequest) -> Turn:
    return Turn(await run_input(request, numbered(request.messages, "message"), ""), beside=True)


async def stored_messages(thread: str, threads: Threads, caller: Caller) -> Sequence[Message]:
    """The thread's messages; none of one that is new, or of somebody else's."""
    if await threads.find(thread, caller) is None:
        return ()
    return await messages_in(await threads.read(thread, caller))


async def messages_in(records: Sequence[Record]) -> Sequence[Message]:
    """The conversation that the records of a thread add up to."""
    events = [each.event for each in records]
    folded = await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)
    return without_prompts(folded.shared_messages)


async def run_input(
    request: ChatRequest | ResponseRequest,
    messages: Sequence[Message],
    thread: str,
    more: Mapping[str, Json] = NOTHING_MORE,
) -> RunAgentInput:
    """What a run is given of the request, with these messages; no thread is one of its own."""
    given = {
        "threadId": thread,
        "runId": "",
        "messages": list(messages),
        "tools": list(request.tools),
        "context": [],
        "state": {},
        "forwardedProps": request.props,
        **more,
    }
    return await unless_long(is_much(given), typed, given)


def new_message_id() -> str:
    """For a message that came without one."""
    return f"msg-{uuid.uuid4().hex}"
