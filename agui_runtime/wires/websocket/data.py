"""What clients read and change on the socket besides streams: one function for each kind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from agui_runtime.core.events import ThreadInfo
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.core.requests import request_messages
from agui_runtime.runtime.saved_states import StateUpdate
from agui_runtime.runtime.thread_edits import ThreadEdits
from agui_runtime.wires.shared.figures import shown_runs, shown_time, shown_totals
from agui_runtime.wires.shared.folded_threads import folded_thread
from agui_runtime.wires.shared.message_pages import page_of
from agui_runtime.wires.shared.run_inputs import run_input, with_ids
from agui_runtime.wires.websocket import client_frames as frames
from agui_runtime.wires.websocket.session import Session

Answer: TypeAlias = Callable[[Session, Any], Awaitable[JsonObject]]
"""From a frame of its kind to the `data` of the answer."""


async def _agents(session: Session, frame: frames.AgentsRequest) -> JsonObject:
    found = await session.runtime.discover(session.context({}))
    return {"agents": [{"name": each.name, "description": each.description} for each in found]}


async def _threads(session: Session, frame: frames.ThreadsRequest) -> JsonObject:
    found = await session.runtime.threads.list(
        session.caller,
        agent=frame.agent,
        include_archived=frame.include_archived,
        limit=frame.limit,
        cursor=frame.cursor,
        search=frame.search,
    )
    return {"threads": [_shown(each) for each in found.threads], "nextCursor": found.next_cursor}


async def _thread(session: Session, frame: frames.ThreadRequest) -> JsonObject:
    threads, thread, caller = session.runtime.threads, frame.thread_id, session.caller
    known = await threads.get(thread, caller)
    return {**_shown(known), "cursor": str(await threads.end(thread, caller))}


async def _messages(session: Session, frame: frames.MessagesRequest) -> JsonObject:
    threads, thread, caller = session.runtime.threads, frame.thread_id, session.caller
    end = await threads.end(thread, caller)
    folded = await folded_thread(threads, thread, caller, end)
    return {**page_of(folded, frame.limit, frame.before), "cursor": str(end)}


async def _runs(session: Session, frame: frames.RunsRequest) -> JsonObject:
    found = await session.runtime.threads.runs(frame.thread_id, session.caller)
    return {"runs": shown_runs(found)}


async def _state(session: Session, frame: frames.StateRequest) -> JsonObject:
    thread, caller = frame.thread_id, session.caller
    agent = frame.agent or (await session.runtime.threads.get(thread, caller)).agent
    context = session.context({})
    saved = await session.runtime.saved_states.load(thread, agent, caller, context)
    return {
        "agentId": agent,
        "state": saved.state if saved else None,
        "version": saved.version if saved else 0,
    }


async def _usage(session: Session, frame: frames.UsageRequest) -> JsonObject:
    found = await session.runtime.usage(session.caller, frame.since, frame.by)
    return {"usage": [{"key": each.key, **shown_totals(each.totals)} for each in found]}


async def _rename(session: Session, frame: frames.RenameThread) -> JsonObject:
    caller = session.caller
    return _shown(await session.runtime.threads.update(frame.thread_id, caller, name=frame.name))


async def _archive(session: Session, frame: frames.ArchiveThread) -> JsonObject:
    caller = session.caller
    return _shown(
        await session.runtime.threads.update(frame.thread_id, caller, archived=frame.archived)
    )


async def _delete(session: Session, frame: frames.DeleteThread) -> JsonObject:
    await session.runtime.threads.delete(frame.thread_id, session.caller)
    return {"threadId": frame.thread_id}


async def _add_messages(session: Session, frame: frames.AddMessages) -> JsonObject:
    thread = frame.thread_id
    body = {"threadId": thread, "runId": "", "messages": with_ids(frame.messages)}
    messages = request_messages(run_input(body, session.server.body))
    await ThreadEdits(session.runtime).add(thread, session.caller, messages)
    end = await session.runtime.threads.end(thread, session.caller)
    return {"ids": [each["id"] for each in messages], "cursor": str(end)}


async def _save_state(session: Session, frame: frames.SaveState) -> JsonObject:
    thread, caller = frame.thread_id, session.caller
    known = None if frame.agent else await session.runtime.threads.get(thread, caller)
    agent = known.agent if known else str(frame.agent)
    update = StateUpdate(frame.state, None, frame.expected_version)
    version = await session.runtime.saved_states.save(thread, agent, caller, update)
    return {"agentId": agent, "version": version}


async def _stop(session: Session, frame: frames.StopRun) -> JsonObject:
    stopped = await session.runtime.stop(frame.thread_id, session.caller, frame.run_id)
    return {"stopped": stopped}


def _shown(thread: ThreadInfo) -> JsonObject:
    return {
        "id": thread.thread_id,
        "name": thread.name,
        "agentId": thread.agent,
        "archived": thread.archived,
        "createdAt": shown_time(thread.created_at),
        "updatedAt": shown_time(thread.updated_at),
    }


ANSWERS: Mapping[str, Answer] = {
    "agents": _agents,
    "threads": _threads,
    "thread": _thread,
    "messages": _messages,
    "runs": _runs,
    "state": _state,
    "usage": _usage,
    "rename_thread": _rename,
    "archive_thread": _archive,
    "delete_thread": _delete,
    "add_messages": _add_messages,
    "save_state": _save_state,
    "stop_run": _stop,
}
"""By kind."""
