"""An agent that is any A2A agent on another server, found by its card."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace

from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.a2a.card import Interface, UnfitCard, interface_in, same_origin
from agui_runtime.connectors.a2a.following import LONGEST_GOODBYE, followed
from agui_runtime.connectors.a2a.message import answer_parts, new_parts
from agui_runtime.connectors.a2a.parked import Parked
from agui_runtime.connectors.a2a.rpc import Rpc, RpcRefusal
from agui_runtime.connectors.a2a.updates import TaskUpdates
from agui_runtime.connectors.a2a.wording import WORDINGS
from agui_runtime.connectors.shared.given import checked_url
from agui_runtime.connectors.shared.remote import DEFAULT_OPTIONS, RemoteOptions, RemoteServer
from agui_runtime.core.errors import RemoteFailure, RunFailure
from agui_runtime.core.events import Event, Notes
from agui_runtime.core.forwarded_headers import HeaderNames
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.keyword_arguments import explains_arguments

CARDS = ("/.well-known/agent-card.json", "/.well-known/agent.json")
"""Where a card is, below an agent's address: today, and before 0.3."""


@explains_arguments
class A2AAgent:
    """Talks to the A2A agent at `url`, which is its address or that of its card.

    The card says where the agent takes JSON-RPC, and in which generation. An address on another
    server than the card's is not used, as it would be given this agent's headers, unless it is
    named as `endpoint`. The far side has the conversation: it is sent what users have added, and a
    message that is edited or answered anew is a new message there. A task that needs input
    interrupts the run; the answer, or the user's next message, goes on with the task. A stream that
    breaks is taken up again. Stopping a run cancels its task.

    A run ends with RemoteFailure where the server refuses, cannot be reached or has no fit card,
    with ProtocolFailure where what it says is no A2A, and with AgentFailure where the task fails.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str = "remote",
        description: str = "",
        endpoint: str | None = None,
        options: RemoteOptions = DEFAULT_OPTIONS,
    ) -> None:
        self.name = name
        self.description = description or f"the agent {name}"
        self._url = url
        self._endpoint = None if endpoint is None else checked_url(endpoint, "endpoint")
        self._options = options
        self._what = f"the server of agent {name!r}"
        self._server = RemoteServer(url, self._what, options)
        self._far: dict[Interface, Rpc] = {}

    @property
    def forwarded_headers(self) -> HeaderNames:
        return self._server.forwarded_headers

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        """What the task brings, up to its end or its next question."""
        rpc = await self._rpc()
        notes = _notes()
        parked = Parked.read(await notes.read(self.name)) if notes else Parked()
        answers = _answers(request)
        if parked.task_id and answers and all(e.get("status") == "cancelled" for e in answers):
            await self._dismiss(rpc, parked, notes)
            yield _finished(request, {"type": "cancelled"})
            return
        resumed = bool(parked.task_id)
        shown = parked.shown if resumed else ()
        updates = TaskUpdates(request.run_id, older=shown, resumed=resumed)
        message = _message(request, parked, answers)
        try:
            async with aclosing(followed(rpc, updates, message)) as events:
                async for event in events:
                    yield event
        except (asyncio.CancelledError, GeneratorExit, RunFailure) as end:
            if await _is_over(rpc, updates, parked, end):
                await self._note(notes, _unparked(updates, parked, request))
            raise
        await self._note(notes, _parking(updates, request))
        for event in updates.closing():
            yield event
        if updates.cancelled:
            yield _finished(request, {"type": "cancelled"})
        elif updates.interrupts:
            yield _finished(request, {"type": "interrupt", "interrupts": updates.interrupts})

    async def probe(self) -> str:
        wording = (await self._rpc()).wording
        return f"its card names an address that speaks A2A {wording.generation}"

    async def close(self) -> None:
        """Close the agent's connections; a later run opens new ones."""
        await self._server.close()
        far, self._far = self._far, {}
        for rpc in far.values():
            await rpc.server.close()

    async def _rpc(self) -> Rpc:
        """Where the card says that the agent is; the card is read until there was one. Raises
        RemoteFailure.
        """
        if self._far:
            return next(iter(self._far.values()))
        try:
            interface = interface_in(await self._card())
        except UnfitCard as error:
            raise self._server.failure("REFUSED", str(error)) from None
        if self._endpoint is not None:
            interface = interface._replace(url=self._endpoint)
        elif not same_origin(interface.url, self._url):
            raise self._server.failure(
                "REFUSED", "is elsewhere, by its card; name its address as `endpoint` if it is"
            )
        if interface not in self._far:  # another run may have been faster
            self._far[interface] = self._made(interface)
        return self._far[interface]

    def _made(self, interface: Interface) -> Rpc:
        wording = WORDINGS[interface.generation]
        headers = {**self._options.headers, **wording.headers}
        server = RemoteServer(interface.url, self._what, replace(self._options, headers=headers))
        return Rpc(server, wording, streams=interface.streams)

    async def _card(self) -> Json:
        if self._url.partition("?")[0].endswith(".json"):
            return await self._server.ask("", None)
        try:
            return await self._server.ask(CARDS[0], None)
        except RemoteFailure as failure:
            if failure.upstream != 404:
                raise
        return await self._server.ask(CARDS[1], None)

    async def _dismiss(self, rpc: Rpc, parked: Parked, notes: Notes | None) -> None:
        """Nobody answers: the task ends."""
        await _cancel(rpc, parked.task_id)
        await self._note(notes, Parked(parked.context_id, latest=parked.latest))

    async def _note(self, notes: Notes | None, parked: Parked) -> None:
        if notes:
            await notes.write(self.name, parked.written())


async def _cancel(rpc: Rpc, task_id: str) -> None:
    """Let the far side end the task, if it has begun one; that it did not is nobody's to know."""
    if task_id:
        with suppress(RunFailure, TimeoutError):
            async with asyncio.timeout(LONGEST_GOODBYE):
                await rpc.call(rpc.wording.cancel, {"id": task_id})


async def _is_over(rpc: Rpc, updates: TaskUpdates, parked: Parked, end: BaseException) -> bool:
    """Whether nobody goes on with the task of a run that ended so: who stops it, cancels it."""
    if not isinstance(end, RunFailure):
        await _cancel(rpc, updates.task_id or parked.task_id)
        return True
    if updates.task_id:
        return True
    refused = isinstance(end, RpcRefusal) and bool(parked.task_id)
    return refused and not await _waits(rpc, parked.task_id)


async def _waits(rpc: Rpc, task_id: str) -> bool:
    """Whether the task still waits for an answer; it does if its server cannot say now."""
    try:
        async with asyncio.timeout(LONGEST_GOODBYE):
            task = rpc.wording.task(await rpc.call(rpc.wording.get, {"id": task_id}))
    except RpcRefusal:
        return False
    except (RunFailure, TimeoutError):
        return True
    status = task.get("status")
    return isinstance(status, dict) and status.get("state") == "TASK_STATE_INPUT_REQUIRED"


def _message(request: RunAgentInput, parked: Parked, answers: Sequence[JsonObject]) -> JsonObject:
    context = current_run.get(None)
    ephemeral = context is not None and context.ephemeral
    thread = str(uuid.uuid4()) if ephemeral else parked.context_id or request.thread_id
    message: JsonObject = {
        "messageId": str(uuid.uuid4()),
        "role": "ROLE_USER",
        "contextId": thread,
    }
    if not parked.task_id:
        return message | {"parts": new_parts(request, parked.latest)}
    by_id, after = parked.by_id, parked.latest
    parts = answer_parts(answers, by_id=by_id) if answers else new_parts(request, after)
    return message | {"taskId": parked.task_id, "parts": parts}


def _parking(updates: TaskUpdates, request: RunAgentInput) -> Parked:
    context, latest = updates.context_id, _latest(request)
    if not updates.interrupts:
        return Parked(context, latest=latest)
    return Parked(context, updates.task_id, updates.by_id, updates.shown, latest)


def _unparked(updates: TaskUpdates, parked: Parked, request: RunAgentInput) -> Parked:
    """What is to be known of a task that ended badly: nobody goes on with it, and what it was sent
    is not sent again.
    """
    return Parked(updates.context_id or parked.context_id, latest=_latest(request))


def _latest(request: RunAgentInput) -> str:
    return request.messages[-1].id if request.messages else ""


def _answers(request: RunAgentInput) -> list[JsonObject]:
    return [each.model_dump(by_alias=True, exclude_none=True) for each in request.resume or ()]


def _finished(request: RunAgentInput, outcome: JsonObject) -> Event:
    ids = {"threadId": request.thread_id, "runId": request.run_id}
    return {"type": "RUN_FINISHED", **ids, "outcome": outcome}


def _notes() -> Notes | None:
    context = current_run.get(None)
    return None if context is None or context.ephemeral else context.notes
