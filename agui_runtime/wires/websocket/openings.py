"""Where the events of a request come from: a run that it starts, or a thread that it reads."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ag_ui.core import RunAgentInput
from pydantic import BaseModel

from agui_runtime.core.events import Cursor, Message, RunRequest
from agui_runtime.core.fingerprints import fingerprint
from agui_runtime.core.fold import Fold
from agui_runtime.core.history import PROMPTS, with_prompts, without_prompts
from agui_runtime.core.jsontext import Json, JsonObject
from agui_runtime.core.requests import request_messages, request_props
from agui_runtime.off_loop import is_much, unless_long
from agui_runtime.stores.base import Batch
from agui_runtime.wires.shared.cursors import cursor_in, within
from agui_runtime.wires.shared.folded_threads import folded_thread
from agui_runtime.wires.shared.run_inputs import run_input, with_ids
from agui_runtime.wires.websocket.client_frames import (
    Attach,
    Frame,
    PopupRequest,
    Request,
    Talk,
    ToolResult,
)
from agui_runtime.wires.websocket.session import Session


@dataclass(frozen=True, slots=True)
class Terms:
    """What the runs of one request have in common: their agent, what of the input is the same for
    each of them, and the prompts before the messages.
    """

    agent: str | None
    shared: Mapping[str, Json]
    prompts: Sequence[Message] = ()

    @property
    def tools(self) -> frozenset[str]:
        """The names of those that the client carries out."""
        return frozenset(each["name"] for each in self.shared["tools"])


@dataclass(frozen=True, slots=True)
class Opening:
    """The events after `start`. `stop` is how the client's cancelling stops the run that makes
    them, None where it only stops reading.
    """

    thread_id: str
    start: Cursor
    batches: AsyncGenerator[Batch, None]
    terms: Terms
    run_id: str | None = None
    ended: asyncio.Future[None] | None = None
    stop: Callable[[], Awaitable[object]] | None = None
    popup: bool = False


async def opened(session: Session, frame: Frame) -> Opening:
    """Raises what starting a run does, ThreadNotFound, and InvalidInput and Gone for a cursor."""
    if isinstance(frame, Attach):
        return await _attached(session, frame)
    if isinstance(frame, Request):
        return await _run(session, frame)
    assert isinstance(frame, Talk)
    return await _talk(session, frame)


async def gone_on(
    session: Session, before: Opening, folded: Fold, results: Sequence[ToolResult]
) -> Opening:
    """The run in which the agent goes on with what became of its calls."""
    terms = before.terms
    known = [*without_prompts(folded.shared_messages), *map(_message, results)]
    ids = {"threadId": before.thread_id, "runId": ""}
    given = {**terms.shared, **ids, "messages": with_prompts(known, terms.prompts)}
    return replace(await _started(session, given, terms.agent), popup=before.popup)


async def _talk(session: Session, frame: Talk) -> Opening:
    popup = isinstance(frame, PopupRequest)
    about = {} if frame.scope is None else {"scope": frame.scope}
    surface = {"surface": "popup"} if popup else {}
    message = {"role": "user", "content": frame.message}
    given = {
        "threadId": frame.thread_id or "",
        "runId": frame.run_id or "",
        "state": frame.state,
        "tools": _plain(frame.tools),
        "context": _plain(frame.context),
        "forwardedProps": {**frame.properties, **about, **surface},
        "messages": with_ids([*await _history(session, frame), message]),
    }
    return replace(await _started(session, given, frame.agent, _mark(frame)), popup=popup)


async def _history(session: Session, frame: Talk) -> Sequence[JsonObject]:
    """What the agent is to know before the message."""
    threads, thread, caller = session.runtime.threads, frame.thread_id, session.caller
    if thread is not None and await threads.find(thread, caller) is not None:
        folded = await folded_thread(threads, thread, caller)
        if folded.shared_messages:
            return without_prompts(folded.shared_messages)
    return frame.conversation_history


async def _run(session: Session, frame: Request) -> Opening:
    given: JsonObject = {"threadId": "", "runId": "", "messages": [], **frame.input}
    if frame.thread_id is not None:
        given["threadId"] = frame.thread_id
    after = cursor_in("resume_after", frame.resume_after)
    opening = await _started(session, given, frame.agent, _mark(frame))
    if after is None:
        return opening
    await opening.batches.aclose()
    threads, thread = session.runtime.threads, opening.thread_id
    within(after, await threads.end(thread, session.caller))
    rest = threads.connect(thread, session.caller, after)
    return replace(opening, start=after, batches=rest)


def _mark(frame: Request | Talk) -> str:
    """By which the same frame is known again."""
    given = frame.model_dump(mode="json", by_alias=True, exclude={"request_id", "resume_after"})
    return fingerprint(given)


async def _started(
    session: Session, given: JsonObject, agent: str | None, mark: str = ""
) -> Opening:
    long = is_much(given)
    run = await unless_long(long, run_input, given, session.server.body, is_short=not long)
    context = session.context(request_props(run))
    request = RunRequest(run, context, agent, fingerprint=mark, is_short=not long)
    handle = await session.runtime.start(request)
    return Opening(
        thread_id=handle.run.thread_id,
        start=handle.start,
        batches=handle.batches(),
        terms=_terms(agent, run),
        run_id=handle.run.run_id,
        ended=handle.ended,
        stop=handle.stop,
    )


def _terms(agent: str | None, run: RunAgentInput) -> Terms:
    same = {
        "tools": _plain(run.tools or ()),
        "context": _plain(run.context or ()),
        "forwardedProps": run.forwarded_props,
    }
    return Terms(agent, same, request_messages(run, PROMPTS))


async def _attached(session: Session, frame: Attach) -> Opening:
    threads, thread, caller = session.runtime.threads, frame.thread_id, session.caller
    after, end = cursor_in("after", frame.after), await threads.end(thread, caller)
    if after is not None:
        within(after, end)
    live = frame.until == "live"
    agent = frame.agent or (await threads.get(thread, caller)).agent
    read = threads.follow if live else threads.connect

    async def stop() -> None:
        await session.runtime.stop(thread, caller)

    return Opening(
        thread_id=thread,
        start=after or Cursor(end.epoch, 0),
        batches=read(thread, caller, after),
        terms=Terms(agent, {"tools": _plain(frame.tools)}),
        stop=None if live else stop,
        popup=frame.popup,
    )


def _message(result: ToolResult) -> Message:
    error = {} if result.error is None else {"error": result.error}
    ids = {"id": str(uuid.uuid4()), "role": "tool", "toolCallId": result.tool_call_id}
    return {**ids, "content": result.content, **error}


def _plain(models: Sequence[BaseModel]) -> list[JsonObject]:
    return [each.model_dump(mode="json", by_alias=True) for each in models]
