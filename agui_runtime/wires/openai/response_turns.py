"""In which thread a response is made, and after which messages."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Caller, Message
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.history import PROMPTS, without_prompts
from agui_runtime.core.ids import check_id
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.openai.approvals import (
    NO_RESUMPTION,
    Resumption,
    no_approval,
    place_of_approvals,
    resuming_id,
    resumption,
)
from agui_runtime.wires.openai.continuation import continued
from agui_runtime.wires.openai.errors import BadRequest, NotThere
from agui_runtime.wires.openai.messages import check_results, numbered
from agui_runtime.wires.openai.references import resolved
from agui_runtime.wires.openai.response_ids import IMPLICIT, ApprovalPlace, place_of
from agui_runtime.wires.openai.response_request import ResponseRequest
from agui_runtime.wires.openai.stored_responses import StoredResponses
from agui_runtime.wires.openai.turns import (
    messages_in,
    new_message_id,
    run_input,
    stored_messages,
)

Remembered: TypeAlias = Mapping[str | None, Sequence[Message]]
"""The conversations up to responses that no thread knows of, by the responses' ids."""

NOTHING: Remembered = {}


class ResponseTurn(NamedTuple):
    """What a run is given; `beside` says that no thread is to know of it."""

    input: RunAgentInput
    beside: bool
    resumption: Resumption = NO_RESUMPTION


class _Conversation(NamedTuple):
    """A thread, and its messages with those of the request."""

    thread: str
    messages: Sequence[Message]
    resumption: Resumption = NO_RESUMPTION


class ResponseTurns:
    """Finds it out for each request; raises BadRequest, InvalidInput and Forbidden."""

    def __init__(self, threads: Threads, stored: StoredResponses) -> None:
        self._threads = threads
        self._stored = stored

    async def of(
        self, request: ResponseRequest, caller: Caller, remembered: Remembered = NOTHING
    ) -> ResponseTurn:
        """The turn on the thread of what the request goes on from, or on a new one; beside all
        threads where it is not to be stored.
        """
        found = await self._conversation(request, caller, remembered)
        check_results(found.messages, "input")
        prompts = [each for each in request.messages if each["role"] in PROMPTS]
        whole = [*numbered(prompts, "prompt"), *found.messages]
        more = {"runId": found.resumption.run_id, "resume": list(found.resumption.resume) or None}
        given = await run_input(request, whole, found.thread if request.store else "", more)
        return ResponseTurn(given, not request.store, found.resumption)

    async def _conversation(
        self, request: ResponseRequest, caller: Caller, remembered: Remembered
    ) -> _Conversation:
        base = _named_thread(request)
        sent = without_prompts(request.messages)
        sent, sources = await resolved(sent, self._threads, caller, base)
        waits = place_of_approvals(request.approvals)
        resumed = waits and await self._resumed(request, waits, sent, caller)
        if resumed:
            return resumed
        if request.previous in remembered:
            return _Conversation(_new_thread(), [*remembered[request.previous], *_new(sent)])
        if request.previous is not None:
            thread, known = await self._after(request.previous, caller)
            return _Conversation(thread, [*known, *_new(sent)])
        if request.conversation is not None:
            check_id(request.conversation, "conversation")
            known = await stored_messages(request.conversation, self._threads, caller)
            return _Conversation(request.conversation, [*known, *_new(sent)])
        if len(sources) == 1:
            [(thread, known)] = sources.items()
            return await _continuing(thread, known, sent)
        return _Conversation(_new_thread(), _new(sent))

    async def _resumed(
        self, request: ResponseRequest, waits: ApprovalPlace, sent: list[Message], caller: Caller
    ) -> _Conversation | None:
        """The thread that waits for the answers, as it was before they came; None where it has gone
        on since.
        """
        thread = waits.thread_id
        if await self._threads.find(thread, caller) is None:
            raise no_approval(request.approvals[0].id)
        if _named_thread(request) not in (None, thread):
            message = "input: the approval request is of another conversation than the request"
            raise BadRequest(message, "input", "invalid_value")
        folded = await self._before(thread, resuming_id(thread, waits.run_id), caller)
        runs = await self._threads.runs(thread, caller)
        resumed = resumption(request, waits, runs, folded)
        if not resumed.run_id:
            return None
        known = without_prompts(folded.shared_messages)
        news = _new(sent)
        if _named_thread(request) is None:  # such clients send the whole conversation
            news = _news_in(await _merged(known, sent), known)
        return _Conversation(thread, [*known, *news], resumed)

    async def _before(self, thread: str, run: str, caller: Caller) -> Fold:
        """What the thread adds up to without that run, and what came later."""
        records = await self._threads.read(thread, caller)
        first = next((index for index, each in enumerate(records) if each.run_id == run), None)
        events = [each.event for each in records[:first]]
        return await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)

    async def _after(self, previous: str, caller: Caller) -> tuple[str, Sequence[Message]]:
        """A copy of the thread where it went on since then: nothing of what followed is taken
        back.
        """
        try:
            place = await self._stored.find(previous, caller)
        except NotThere:
            raise _no_previous(previous) from None
        records = await self._threads.read(place.thread_id, caller)
        ends = [index for index, each in enumerate(records, 1) if each.run_id == place.run_id]
        if not ends:
            raise _no_previous(previous)
        is_latest = ends[-1] == len(records)
        messages = await messages_in(records[: ends[-1]])
        return place.thread_id if is_latest else _new_thread(), messages


async def _continuing(
    thread: str, known: Sequence[Message], sent: Sequence[Message]
) -> _Conversation:
    """A client that names items sends the whole conversation: it goes on in their thread if it has
    all of it, and else in a new one.
    """
    messages = await _merged(known, sent)
    if messages is None:
        return _Conversation(_new_thread(), _new(sent))
    is_whole = {each["id"] for each in known} <= {each["id"] for each in messages}
    return _Conversation(thread if is_whole else _new_thread(), messages)


async def _merged(known: Sequence[Message], sent: Sequence[Message]) -> list[Message] | None:
    """The sent messages as the thread has them; None where they are of another conversation."""
    long = is_much(known, sent)
    return await unless_long(long, continued, known, sent, new_message_id) if sent else []


def _news_in(merged: Sequence[Message] | None, known: Sequence[Message]) -> list[Message]:
    """What the thread does not have; raises BadRequest."""
    if merged is None:
        message = "input: it does not go on from what the approval request is about"
        raise BadRequest(message, "input", "invalid_value")
    ids = {each["id"] for each in known}
    return [each for each in merged if each["id"] not in ids]


def _named_thread(request: ResponseRequest) -> str | None:
    """The thread that the request says it goes on in."""
    if request.previous is None:
        return request.conversation
    place = place_of(request.previous)
    return None if place is None else place.thread_id


def _new(sent: Sequence[Message]) -> list[Message]:
    return numbered(sent, f"msg-{uuid.uuid4().hex}")


def _new_thread() -> str:
    return f"{IMPLICIT}{uuid.uuid4()}"


def _no_previous(id_: str) -> BadRequest:
    message = f"Previous response with id '{id_[:200]}' not found"
    return BadRequest(message, "previous_response_id", "previous_response_not_found")
