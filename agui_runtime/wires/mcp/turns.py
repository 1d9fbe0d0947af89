"""What the run of a call is given: a message on its thread, or the answer to a question."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import NamedTuple

from ag_ui.core import RunAgentInput

from agui_runtime.agents.run_input import typed
from agui_runtime.core.errors import InvalidInput, ThreadNotFound
from agui_runtime.core.events import Caller, Event, Message as ThreadMessage, RunInfo
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.fold import Fold, fold
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.off_loop import LONG_LIST, is_much, unless_long
from agui_runtime.runtime.threads import Threads
from agui_runtime.wires.mcp.answer import BEARERS, NOTHING, Shown
from agui_runtime.wires.mcp.errors import INVALID_PARAMS, RpcError
from agui_runtime.wires.mcp.generations import entered
from agui_runtime.wires.mcp.media import media_in
from agui_runtime.wires.mcp.places import Place, after_answer, called, place_of
from agui_runtime.wires.mcp.protocol import Message
from agui_runtime.wires.mcp.questions import Interrupts, entries, entries_of_argument
from agui_runtime.wires.mcp.tools import Call, call_of


class Turn(NamedTuple):
    """What a run is given, and of which agent; `mark` recognises the very same call. `before` is
    what the agent had before a question, where nobody was shown it yet.
    """

    input: RunAgentInput
    agent: str
    mark: str = ""
    before: Shown = NOTHING


class Unanswered(InvalidInput):
    """A call that is made again has no answer to what its run, at this place, waits for."""

    def __init__(self, message: str, place: Place, interrupts: Interrupts) -> None:
        super().__init__(message)
        self.place, self.interrupts = place, interrupts


async def turn_of(message: Message, agent: str, threads: Threads, caller: Caller) -> Turn:
    """The turn that a `tools/call` is; raises RpcError for what breaks the protocol, InvalidInput
    for arguments that make no call, Unanswered, and ThreadNotFound.
    """
    if message.is_stateless and "requestState" in message.params:
        return await _made_again(message.params, threads, caller)
    call = call_of(message.params.get("arguments"))
    if not call.is_answer:
        return await _message_turn(call, message, agent, await _known(call, threads, caller))
    assert call.thread_id is not None
    waiting, folded = await _waiting(threads, caller, call.thread_id)
    return await _resumed(waiting, folded, entries_of_argument(folded.interrupts, call.answer))


async def answering(place: Place, result: JsonObject, threads: Threads, caller: Caller) -> Turn:
    """The turn that the result of an elicitation is; raises InvalidInput and ThreadNotFound."""
    waiting, folded = await _waiting(threads, caller, place.thread_id, place.run_id)
    return await _resumed(waiting, folded, entries(folded.interrupts, result))


async def _made_again(params: JsonObject, threads: Threads, caller: Caller) -> Turn:
    place, given = place_of(params["requestState"]), entered(params)
    unknown = RpcError(INVALID_PARAMS, "requestState: give it back as it was given")
    if place is None:
        raise unknown
    try:
        waiting, folded = await _waiting(threads, caller, place.thread_id, place.run_id)
    except ThreadNotFound:
        raise unknown from None
    try:
        answers = entries(folded.interrupts, given)
    except InvalidInput as error:
        raise Unanswered(error.message, place, folded.interrupts) from None
    turn = await _resumed(waiting, folded, answers)
    return turn._replace(before=_latest(folded.shared_messages))


def _latest(messages: Sequence[ThreadMessage]) -> Shown:
    """What the agent has shown since the user's last message."""
    texts: list[str] = []
    media: list[JsonObject] = []
    for each in messages:
        if each["role"] == "user":
            texts.clear()
            media.clear()
        elif each["role"] == "assistant" and each.get("content"):
            texts.append(str(each["content"]))
        elif each["role"] in BEARERS:
            media += media_in(each.get("content"))
    return Shown(texts, media)


async def _known(call: Call, threads: Threads, caller: Caller) -> Sequence[ThreadMessage]:
    if call.thread_id is None:
        return ()
    return (await _folded(threads, caller, call.thread_id)).shared_messages


async def _message_turn(
    call: Call, message: Message, agent: str, known: Sequence[ThreadMessage]
) -> Turn:
    """The same request of a session once more is the same run."""
    thread, run, mark = "", "", ""
    if message.session is not None and message.id is not None:
        thread, run = called(message.session, message.id)
        mark = fingerprint(["mcp", message.params])
    words = {"id": f"msg-{run or uuid.uuid4()}", "role": "user", "content": call.message}
    before = [each for each in known if each["id"] != words["id"]]
    given = {"threadId": call.thread_id or thread, "runId": run, "messages": [*before, words]}
    return Turn(await _input(given), agent, mark)


async def _resumed(waiting: RunInfo, folded: Fold, answers: Sequence[JsonObject]) -> Turn:
    run = after_answer(waiting.run_id)
    given = {"threadId": waiting.thread_id, "runId": run, "messages": folded.shared_messages}
    return Turn(await _input({**given, "resume": list(answers)}), waiting.agent)


async def _waiting(
    threads: Threads, caller: Caller, thread_id: str, run_id: str | None = None
) -> tuple[RunInfo, Fold]:
    """The thread's latest run, which waits for an answer; raises InvalidInput if it does not, or is
    another one.
    """
    runs = await threads.runs(thread_id, caller)
    latest = runs[-1] if runs else None
    if latest is None or latest.status != "interrupted" or run_id not in (None, latest.run_id):
        raise InvalidInput("nothing waits for this answer, or no longer")
    return latest, await _folded(threads, caller, thread_id)


async def _folded(threads: Threads, caller: Caller, thread_id: str) -> Fold:
    records = await threads.read(thread_id, caller)
    events: Sequence[Event] = [each.event for each in records]
    return await unless_long(len(events) > LONG_LIST or is_much(events), fold, events)


async def _input(given: JsonObject) -> RunAgentInput:
    empty: dict[str, Json] = {"tools": [], "context": [], "state": {}, "forwardedProps": {}}
    whole = {**empty, **given, "messages": list(given["messages"])}
    return await unless_long(is_much(whole), typed, whole)
