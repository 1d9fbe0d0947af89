"""The subscription root: runs as they grow, a thread's log, a thread's comings and goings.

Each field is a cursor on a log. A reader that goes away ends its cursor, and never a run.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo, GraphQLSchema

from agui_runtime.core.events import TERMINAL, Cursor
from agui_runtime.off_loop import unless_long
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext, Info
from agui_runtime.wires.graphql.answer.request import run_request
from agui_runtime.wires.graphql.answer.updates import CopilotUpdate, Updates
from agui_runtime.wires.graphql.delivery.plan import STREAMED_ROOT
from agui_runtime.wires.graphql.nouns.inputs import GenerateCopilotResponseInput, given
from agui_runtime.wires.graphql.nouns.scalars import JSONObject
from agui_runtime.wires.graphql.resolvers.exploration import ExploredThread, RunEvent, read_cursor
from agui_runtime.wires.graphql.resolvers.reading import read
from agui_runtime.wires.graphql.resolvers.repeats import Hints, identified

BREATH = 64
"""After so many records of a long history other connections get their turn."""

TURNS = TERMINAL | {"RUN_STARTED"}


@strawberry.type
class Subscription:
    @strawberry.subscription(  # type: ignore[untyped-decorator]  # Any, if it has arguments
        description=(
            "Starts a run, as the mutation of this name does, and tells of its answer as it grows. "
            "Whoever stops listening does not stop the run. The same `data.runId` with the same "
            "content is the same run, told from its start again; without one, so is the same "
            "operation id of graphql-ws, or the same content on another connection while the run "
            "is live and a minute after. A new `runId` always asks anew."
        )
    )
    async def generate_copilot_response(
        self,
        info: Info,
        data: GenerateCopilotResponseInput,
        properties: JSONObject | None = strawberry.UNSET,
    ) -> AsyncGenerator[CopilotUpdate, None]:
        updates = _updates(info.context, data, given(properties) or {})
        async with aclosing(updates):
            async for update in updates:
                yield update

    @strawberry.subscription(  # type: ignore[untyped-decorator]  # Any, if it has arguments
        description=(
            "Every event of the thread after the cursor (from its start if there is none), then "
            "those that come, without end. Resume with the last cursor that you got; an error "
            "with the runtimeCode HISTORY_GONE says that the thread has to be read from its start."
        )
    )
    async def run_events(
        self, info: Info, thread_id: str, after: str | None = strawberry.UNSET
    ) -> AsyncGenerator[RunEvent, None]:
        context = info.context
        start = read_cursor(given(after))
        follow = context.runtime.threads.follow(thread_id, context.caller, start)
        async with aclosing(follow) as batches:
            async for batch in batches:
                for count, record in enumerate(batch.records, 1):
                    if count % BREATH == 0:
                        await asyncio.sleep(0)
                    yield RunEvent.of(record, batch.cursor.epoch)

    @strawberry.subscription(  # type: ignore[untyped-decorator]  # Any, if it has arguments
        description=(
            "The thread as it is now, and again whenever one of its runs has started or ended. "
            "A rename or archiving alone is not told; the next start or end shows it."
        )
    )
    async def thread_updated(
        self, info: Info, thread_id: str
    ) -> AsyncGenerator[ExploredThread, None]:
        threads, caller = info.context.runtime.threads, info.context.caller
        await threads.get(thread_id, caller)
        now = await info.context.runtime.store.log.end(thread_id)
        yield ExploredThread.of(await threads.get(thread_id, caller))
        async with aclosing(threads.follow(thread_id, caller, now)) as batches:
            async for batch in batches:
                if any(record.event["type"] in TURNS for record in batch.records):
                    yield ExploredThread.of(await threads.get(thread_id, caller))


def speed_up(schema: GraphQLSchema) -> None:
    """Read the input of chats in a way that long ones can afford, as the mutation does."""
    assert schema.subscription_type is not None
    schema.subscription_type.fields[STREAMED_ROOT].subscribe = _generate_copilot_response


async def _generate_copilot_response(
    root: None,
    info: GraphQLResolveInfo[GraphQLExecutionContext],
    data: Mapping[str, Any],
    properties: Mapping[str, Any] | None = None,
) -> AsyncGenerator[CopilotUpdate, None]:
    parsed = await unless_long(info.context.long, read, GenerateCopilotResponseInput, data)
    return _updates(info.context, parsed, properties or {})


async def _updates(
    context: GraphQLExecutionContext,
    data: GenerateCopilotResponseInput,
    properties: Mapping[str, Any],
) -> AsyncGenerator[CopilotUpdate, None]:
    surroundings = context.run_context(properties, given(data.frontend.url))
    request = await unless_long(context.long, run_request, data, surroundings, context.limits)
    hints = Hints(given(data.run_id) or "", context.operation_id, context.begun)
    request = await identified(request, context.runtime.threads, hints)
    handle = await context.runtime.start(request)
    context.begun.add(handle.run.run_id)
    updates, cursor = Updates(handle.run), handle.start
    async with aclosing(handle.batches()) as batches:
        async for batch in batches:
            before, cursor = cursor, Cursor(batch.cursor.epoch, batch.records[-1].seq)
            steps = updates.feed(batch.records)
            for update in steps:
                if not request.ephemeral:
                    update.cursor = str(cursor if update is steps[-1] else before)
                yield update
