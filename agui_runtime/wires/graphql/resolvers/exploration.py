"""Queries for looking around: agents, the caller's threads, their runs and what those did."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Self

import strawberry

from agui_runtime.core.errors import InvalidInput, RunNotFound
from agui_runtime.core.events import TERMINAL, Cursor, Record, RunInfo, ThreadInfo
from agui_runtime.core.figures import UNKNOWN
from agui_runtime.core.run_lists import continuations, whole
from agui_runtime.core.totals import Totals, summed
from agui_runtime.wires.graphql.answer.context import GraphQLExecutionContext, Info
from agui_runtime.wires.graphql.nouns.enums import BreakerState, RunStatus
from agui_runtime.wires.graphql.nouns.pages import PageInfo, check_page
from agui_runtime.wires.graphql.nouns.scalars import JSON, DateTimeISO, JSONObject
from agui_runtime.wires.graphql.nouns.types import ExploredAgent
from agui_runtime.wires.graphql.nouns.usage import (
    MeasuredRun,
    RunCost,
    TokenUsage,
    cost_from,
    measures_of,
    moment,
    timing_of,
    usage_from,
    usage_of,
)
from agui_runtime.wires.graphql.resolvers.questions import BREATH, Questions
from agui_runtime.wrappers import breaker_states

LARGEST_EVENT_PAGE = 1000


@strawberry.type
class RunEvent:
    """One record of a thread's log: an AG-UI event, and the cursor that resumes just after it."""

    cursor: str
    seq: int
    run_id: str
    type: str
    event: JSONObject

    @classmethod
    def of(cls, record: Record, epoch: str) -> RunEvent:
        return cls(
            cursor=str(Cursor(epoch, record.seq)),
            seq=record.seq,
            run_id=record.run_id,
            type=record.event["type"],
            event=JSONObject(record.event),
        )


@strawberry.type
class RunEventConnection:
    nodes: list[RunEvent]
    page_info: PageInfo


@strawberry.type(name="Run")
class ExploredRun(MeasuredRun):
    """One run of an agent, as its thread remembers it. What it took is null where that is unknown;
    `model` and `provider` are those of most of its tokens. `continuedBy` is the id of the run with
    which the thread went on from an interrupt, null while that waits for an answer.
    """

    id: str
    thread_id: str
    agent_name: str
    status: RunStatus
    continued_by: str | None
    recorded_usage: strawberry.Private[TokenUsage | None]
    questions: strawberry.Private[Questions]

    @classmethod
    def of(cls, run: RunInfo, continued_by: str | None, questions: Questions) -> Self:
        figures = run.figures or UNKNOWN
        return cls(
            id=run.run_id,
            thread_id=run.thread_id,
            agent_name=run.agent,
            status=RunStatus(run.status),
            timing=timing_of(run),
            **measures_of(figures),
            continued_by=continued_by,
            recorded_usage=usage_from(figures.tokens),
            questions=questions,
        )

    @strawberry.field
    async def question(self) -> str | None:
        """The first characters of the user's message that it began with; null where it began with
        none, as a run does that answers an interrupt.
        """
        return await self.questions.of(self.id)

    @strawberry.field
    def usage(self) -> TokenUsage | None:
        """The tokens that all its models used; null if it told none."""
        return self.recorded_usage


@strawberry.type
class RunDetails(ExploredRun):
    """A run with what its log holds."""

    @strawberry.field
    async def usage(self, info: Info) -> TokenUsage | None:
        """The tokens that all its models used; null if it told none."""
        if self.recorded_usage is not None:
            return self.recorded_usage
        async with aclosing(self._log(info.context)) as records:
            return usage_of([r.event async for r, _ in records if r.event["type"] in TERMINAL])

    @strawberry.field
    async def events(
        self, info: Info, first: int = 100, after: str | None = None
    ) -> RunEventConnection:
        """Its events so far, oldest first."""
        check_page(first, LARGEST_EVENT_PAGE)
        nodes: list[RunEvent] = []
        async with aclosing(self._log(info.context, read_cursor(after))) as records:
            async for record, epoch in records:
                if len(nodes) == first:
                    return _page_of(nodes, more=True)
                nodes.append(RunEvent.of(record, epoch))
        return _page_of(nodes, more=False)

    async def _log(
        self, context: GraphQLExecutionContext, after: Cursor | None = None
    ) -> AsyncGenerator[tuple[Record, str], None]:
        """The run's records so far, with the epoch of their log; other runs' are passed over."""
        threads = context.runtime.threads
        async with aclosing(threads.so_far(self.thread_id, context.caller, after)) as batches:
            async for batch in batches:
                for count, record in enumerate(batch.records, 1):
                    if count % BREATH == 0:
                        await asyncio.sleep(0)
                    if record.run_id == self.id:
                        yield record, batch.cursor.epoch


@strawberry.type
class ThreadFigures:
    """What the runs of a thread took together. `unpriced` counts the runs whose cost is unknown;
    `cost` is null where there are any.
    """

    runs: int
    usage: TokenUsage | None
    cost: RunCost | None
    unpriced: int
    milliseconds: float

    @classmethod
    def of(cls, totals: Totals) -> ThreadFigures:
        return cls(
            runs=totals.runs,
            usage=usage_from(totals.tokens),
            cost=cost_from(totals.cost),
            unpriced=totals.unpriced,
            milliseconds=1000 * totals.seconds,
        )


@strawberry.type(name="Thread")
class ExploredThread:
    """A thread of the caller's."""

    id: str
    agent_name: str
    name: str | None
    archived: bool
    created_at: DateTimeISO
    updated_at: DateTimeISO

    @classmethod
    def of(cls, thread: ThreadInfo) -> ExploredThread:
        return cls(
            id=thread.thread_id,
            agent_name=thread.agent,
            name=thread.name,
            archived=thread.archived,
            created_at=moment(thread.created_at),
            updated_at=moment(thread.updated_at),
        )

    @strawberry.field
    async def runs(self, info: Info, first: int = 20) -> list[ExploredRun]:
        """The latest runs that the log still holds, newest first."""
        check_page(first)
        context = info.context
        found = await context.runtime.threads.runs(self.id, context.caller)
        questions = Questions(self.id, context)
        latest = list(zip(found, continuations(found), strict=True))[-first:]
        return [ExploredRun.of(run, later, questions) for run, later in reversed(latest)]

    @strawberry.field
    async def dropped_records(self, info: Info) -> int:
        """How many of its log's oldest records the store has dropped to make room: the runs and
        figures before them are gone, the messages are not.
        """
        return await info.context.runtime.threads.dropped(self.id, info.context.caller)

    @strawberry.field
    async def figures(self, info: Info) -> ThreadFigures:
        """What the runs took that the log still holds."""
        runs = await info.context.runtime.threads.runs(self.id, info.context.caller)
        return ThreadFigures.of(summed(runs))


@strawberry.type
class ThreadConnection:
    nodes: list[ExploredThread]
    page_info: PageInfo


@strawberry.type
class ExplorationQuery:
    """Fields of the query root."""

    @strawberry.field
    async def agents(self, info: Info) -> list[ExploredAgent]:
        """Every agent, with what it says that it can do, and whether it is left alone."""
        return await agents_of(info.context)

    @strawberry.field
    async def thread(self, info: Info, id: str) -> ExploredThread | None:
        """A thread of the caller's."""
        context = info.context
        return ExploredThread.of(await context.runtime.threads.get(id, context.caller))

    @strawberry.field
    async def threads(
        self,
        info: Info,
        first: int = 50,
        after: str | None = None,
        agent_name: str | None = None,
        search: str | None = None,
    ) -> ThreadConnection:
        """The caller's threads, most recently updated first; with `search`, those whose name or
        messages have that text in them, where the store can search.
        """
        check_page(first)
        context = info.context
        page = await context.runtime.threads.list(
            context.caller, agent=agent_name, limit=first, cursor=after, search=search
        )
        nodes = [ExploredThread.of(each) for each in page.threads]
        return ThreadConnection(nodes=nodes, page_info=PageInfo.to(page.next_cursor))

    @strawberry.field
    async def run(self, info: Info, id: str, thread_id: str) -> RunDetails | None:
        """A run of a thread of the caller's, with what was answered under its id."""
        context = info.context
        found = await context.runtime.threads.runs(thread_id, context.caller)
        pairs = zip(found, continuations(found), strict=True)
        parts = [(run, later) for run, later in pairs if run.run_id == id]
        if not parts:
            raise RunNotFound(thread_id, id)
        run, later = whole([run for run, _ in parts]), parts[-1][1]
        return RunDetails.of(run, later, Questions(thread_id, context))


async def agents_of(context: GraphQLExecutionContext) -> list[ExploredAgent]:
    """The runtime's agents, and those of its remotes."""
    known = await context.runtime.discover(context.run_context({}, None))
    breakers = breaker_states(context.runtime.agents)
    return [
        ExploredAgent(
            id=each.name,
            name=each.name,
            description=each.description,
            capabilities=None if each.capabilities is None else JSON(each.capabilities),
            breaker=BreakerState(breakers[each.name]) if each.name in breakers else None,
        )
        for each in known
    ]


def read_cursor(after: str | None) -> Cursor | None:
    """A cursor that the schema gave out earlier; raises InvalidInput for any other text."""
    if after is None:
        return None
    try:
        return Cursor.parse(after)
    except ValueError:
        raise InvalidInput("after: not a cursor; use one that came with an event") from None


def _page_of(nodes: list[RunEvent], *, more: bool) -> RunEventConnection:
    end = nodes[-1].cursor if nodes else None
    return RunEventConnection(nodes=nodes, page_info=PageInfo(has_next_page=more, end_cursor=end))
