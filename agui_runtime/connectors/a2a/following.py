"""Follows a task on another server to its end, or to its question: as a stream, or look by look."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import TypeAlias

from agui_runtime.connectors.a2a.rpc import Rpc, RpcRefusal
from agui_runtime.connectors.a2a.updates import TaskUpdates
from agui_runtime.core.errors import ProtocolFailure, RemoteFailure, RunFailure
from agui_runtime.core.events import Event
from agui_runtime.core.jsontext import JsonObject

Frame: TypeAlias = tuple[str, JsonObject]
Frames: TypeAlias = AsyncGenerator[Frame, None]

FIRST_POLL, POLL = 0.1, 1.0
"""Seconds between two looks at a task of an agent that does not stream: at first, and at most."""

LONGEST_GOODBYE = 3.0
"""Seconds that a server may take to tell of a task, or to cancel it, when its run is stopped."""

_BROKEN = frozenset({"REMOTE_BROKEN", "REMOTE_TIMEOUT", "REMOTE_UNREACHABLE"})


def followed(rpc: Rpc, updates: TaskUpdates, message: JsonObject) -> AsyncGenerator[Event, None]:
    """The events of the task that the message begins, or goes on with. Raises RunFailure."""
    # Of a task that was answered, one might be shown at once what it had been waiting for.
    at_once = not rpc.streams and "taskId" not in message
    params = rpc.wording.message(message, at_once=at_once)
    return _streamed(rpc, updates, params) if rpc.streams else _polled(rpc, updates, params)


async def _streamed(
    rpc: Rpc, updates: TaskUpdates, params: JsonObject
) -> AsyncGenerator[Event, None]:
    """All of a task's stream, which is taken up again where it breaks."""
    attempts, stream = 0, rpc.stream(rpc.wording.stream, params)
    while True:
        failure = rpc.server.failure("BROKEN", "ended its stream before the task; try again")
        try:
            async with aclosing(_fed(stream, updates)) as events:
                async for event in events:
                    attempts = 0
                    yield event
        except RemoteFailure as error:
            failure = error
        if updates.is_over:
            return
        stream = await _again(rpc, updates, failure, attempts)
        attempts += 1


async def _fed(stream: Frames, updates: TaskUpdates) -> AsyncGenerator[Event, None]:
    async with aclosing(stream):
        frame = await _first(_next(stream), updates)
        while frame is not None:
            for event in updates.feed(*frame):
                yield event
            if updates.ended:
                return
            frame = await _next(stream)


async def _first(frame: Coroutine[None, None, Frame | None], updates: TaskUpdates) -> Frame | None:
    """The first frame. Who is cancelled meanwhile still learns which task it is, as far as the
    server says so soon: else nobody could cancel that.
    """
    coming = asyncio.ensure_future(frame)
    try:
        return await asyncio.shield(coming)
    except asyncio.CancelledError:
        with suppress(RunFailure, TimeoutError):
            async with asyncio.timeout(LONGEST_GOODBYE):
                came = await coming
                if came is not None:
                    updates.identify(*came)
        raise


async def _next(stream: Frames) -> Frame | None:
    return await anext(stream, None)


async def _again(rpc: Rpc, updates: TaskUpdates, failure: RemoteFailure, attempts: int) -> Frames:
    """What goes on from a stream that broke; raises the failure where nothing can."""
    if attempts and isinstance(failure, RpcRefusal):
        return _whole(rpc, updates.task_id)  # it has ended while nobody read it
    patience = rpc.server.patience
    if failure.code not in _BROKEN or not updates.task_id or attempts >= patience.retries:
        raise failure
    await patience.sleep(patience.first_wait * 2**attempts)
    return rpc.stream(rpc.wording.subscribe, {"id": updates.task_id})


async def _whole(rpc: Rpc, task_id: str) -> Frames:
    """The task as it is."""
    yield "task", rpc.wording.task(await rpc.call(rpc.wording.get, {"id": task_id}))


async def _polled(
    rpc: Rpc, updates: TaskUpdates, params: JsonObject
) -> AsyncGenerator[Event, None]:
    """All of a task of an agent that does not stream, which is looked at ever less often."""
    frame, wait = await _first(_sent(rpc, params), updates), FIRST_POLL
    while frame is not None:
        for event in updates.feed(*frame):
            yield event
        if updates.is_over:
            return
        if not updates.task_id:
            raise ProtocolFailure("the agent sent a task without an id")
        await rpc.server.patience.sleep(wait)
        wait = min(POLL, wait * 2)
        frame = "task", rpc.wording.task(await rpc.call(rpc.wording.get, {"id": updates.task_id}))


async def _sent(rpc: Rpc, params: JsonObject) -> Frame | None:
    """What the server answers to the message at once."""
    return rpc.wording.update(await rpc.call(rpc.wording.send, params))
