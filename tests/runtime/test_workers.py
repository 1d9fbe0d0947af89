"""Runs that are posted by one process and carried out by workers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.core.errors import AgentNotFound, Busy, Misconfigured, TooManyRequests
from agui_runtime.core.events import Caller, Event, RunContext, RunInfo, RunRequest
from agui_runtime.queues.here import HereQueue
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Job, Queueing
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.worlds import asking, told
from tests.stores.conftest import each_store as each_store, postgres as postgres, redis as redis

ANN = Caller("ann", {"team": "blue"})


def request_of(thread: str, run: str = "r1", text: str = "hello", **more: Any) -> RunRequest:  # noqa: ANN401
    made = asking(text, thread=thread, run=run, fingerprint=f"{thread}-{run}", **more)
    context = RunContext(ANN, "q1", properties={"tone": "kind"}, url="http://page/")
    return replace(made, context=context)


class Echo:
    """Says who asks and what; waits for `go` where the user says so."""

    name, description = "default", "an echo"

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Queue[str]()
        self.answered: list[str] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[object]:
        context, text = current_run.get(), str(request.messages[-1].content)
        self.begun.put_nowait(request.thread_id)
        if text == "wait":
            await self.go.wait()
        self.answered.append(request.thread_id)
        yield f"{context.caller.owner} {context.caller.claims} {context.properties}: {text}"


@asynccontextmanager
async def opened(store: Store, agent: object, **options: Any) -> AsyncIterator[CopilotRuntime]:  # noqa: ANN401
    given = {each: options.pop(each) for each in ("aliases", "hooks") if each in options}
    chosen = Options(**{"run_in": HereQueue(), **options})
    agents = agent if isinstance(agent, Mapping) else {"default": agent}
    runtime = CopilotRuntime(agents, store=store, options=chosen, **given)
    async with runtime.lifespan():
        yield runtime


@asynccontextmanager
async def at_work(runtime: CopilotRuntime, slots: int = 8, *queues: str) -> AsyncIterator[None]:
    """A worker looks while the block runs."""
    worker = asyncio.create_task(runtime.launcher.worker(queues or ("default",), slots).run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.wait([worker])


async def events_of(handle: RunHandle) -> list[Event]:
    async with asyncio.timeout(60):
        return await told(handle)


@pytest.fixture
def store(each_store: Store) -> Store:
    return each_store


async def test_a_worker_carries_out_what_another_process_has_taken(store: Store) -> None:
    agent = Echo()
    queue = HereQueue()
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(opened(store, Echo(), run_in=queue))
        work = await stack.enter_async_context(opened(store, agent, run_in=queue))
        handle = await web.start(request_of("t1"))
        assert agent.answered == []
        await stack.enter_async_context(at_work(work))
        events = await events_of(handle)
    assert [each["type"] for each in events] == [
        "RUN_STARTED",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]
    assert events[2]["delta"] == "ann {'team': 'blue'} {'tone': 'kind'}: hello"
    assert agent.answered == ["t1"]


async def test_a_bell_is_answered_at_once_and_a_lost_one_later(store: Store) -> None:
    class Deaf(HereQueue):
        async def ring(self, queue: str) -> None:
            """Nobody hears it."""

    async with opened(store, Echo(), run_in=Deaf()) as runtime:
        handle = await runtime.start(request_of("t1"))
        async with at_work(runtime):  # which looks when it comes
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    async with opened(store, Echo()) as runtime, at_work(runtime):
        handle = await runtime.start(request_of("t1", "r2"))
        assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"


async def test_a_run_that_waits_is_stopped_and_keeps_what_its_user_wrote(store: Store) -> None:
    agent = Echo()
    async with opened(store, agent) as runtime:
        handle = await runtime.start(request_of("t1"))
        assert await runtime.stop("t1", ANN)
        events = await events_of(handle)
        assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_FINISHED"]
        assert events[0]["input"]["messages"][0]["content"] == "hello"
        assert events[-1]["outcome"] == {"type": "cancelled"}
        assert not await runtime.stop("t1", ANN)
        other = await runtime.start(request_of("t1", "r2"))
        await other.stop()
        assert (await events_of(other))[-1]["outcome"] == {"type": "cancelled"}
    assert agent.answered == []


async def test_a_run_of_a_worker_is_stopped_by_any_process(store: Store) -> None:
    agent = Echo()
    async with opened(store, agent) as runtime, at_work(runtime):
        handle = await runtime.start(request_of("t1", text="wait"))
        await agent.begun.get()
        assert await runtime.stop("t1", ANN, "r1")
        assert (await events_of(handle))[-1]["outcome"] == {"type": "cancelled"}


async def test_threads_take_turns_as_the_policy_says(store: Store) -> None:
    async with opened(store, Echo()) as runtime:
        await runtime.start(request_of("t1"))
        with pytest.raises(Busy):
            await runtime.start(request_of("t1", "r2"))
        again = await runtime.start(request_of("t1"))
        assert again.run.run_id == "r1"
    agent = Echo()
    async with opened(MemoryStore(), agent, on_busy="supersede") as runtime:
        first = await runtime.start(request_of("t1"))
        second = await runtime.start(request_of("t1", "r2"))
        assert (await events_of(first))[-1]["outcome"] == {"type": "cancelled"}
        async with at_work(runtime):
            assert "outcome" not in (await events_of(second))[-1]


async def test_slots_bound_what_a_worker_does_and_the_rest_waits_its_turn(store: Store) -> None:
    agent = Echo()
    async with opened(store, agent) as runtime, at_work(runtime, 2):
        handles = [await runtime.start(request_of(f"t{n}", text="wait")) for n in range(6)]
        assert {await agent.begun.get() for _ in range(2)} == {"t0", "t1"}
        jobs = jobs_of(store)
        assert (await jobs.figures())["default"].waiting == 4
        agent.go.set()
        for handle in handles:
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    assert len(agent.answered) == 6


async def test_agents_have_queues_of_their_own(store: Store) -> None:
    agents = {"default": Echo(), "painter": Echo()}
    async with opened(store, agents, queues={"painter": "gpu"}) as runtime:
        painted = await runtime.start(request_of("t1", agent="painter"))
        echoed = await runtime.start(request_of("t2"))
        async with at_work(runtime):
            await events_of(echoed)
        assert agents["painter"].answered == []
        async with at_work(runtime, 1, "gpu"):
            await events_of(painted)
    assert agents["painter"].answered == ["t1"]


async def test_what_cannot_be_started_is_refused_before_it_is_posted(store: Store) -> None:
    async with opened(store, Echo(), caller_runs=1) as runtime:
        with pytest.raises(AgentNotFound):
            await runtime.start(request_of("t1", agent="nobody"))
        await runtime.start(request_of("t1"))
        with pytest.raises(TooManyRequests):
            await runtime.start(request_of("t2"))
        assert (await jobs_of(store).figures())["default"].waiting == 1


async def test_a_worker_leaves_runs_of_agents_that_it_does_not_have(store: Store) -> None:
    queue, agent = HereQueue(), Echo()
    async with AsyncExitStack() as stack:
        web = await stack.enter_async_context(opened(store, {"new": agent}, run_in=queue))
        old = await stack.enter_async_context(opened(store, Echo(), run_in=queue))
        await stack.enter_async_context(at_work(old))
        handle = await web.start(request_of("t1", agent="new"))
        active = await store.log.active("t1")
        assert active is not None
        assert active.status == "queued"
        await jobs_of(store).put_back((await jobs_of(store).overdue(0, 1))[0], 0)
        await stack.enter_async_context(at_work(web))
        assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"


async def test_a_run_that_no_worker_takes_fails_with_its_messages_kept(store: Store) -> None:
    async with opened(store, Echo(), worker_timeout=0.05) as runtime:
        handle = await runtime.start(request_of("t1"))
        events = await events_of(handle)
    assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[0]["input"]["messages"][0]["content"] == "hello"
    assert events[-1]["code"] == "QUEUE_TIMEOUT"


async def test_a_job_that_cannot_be_read_fails_its_run_and_nothing_else(store: Store) -> None:
    info = RunInfo("t1", "r2", "default", "ann", 1.0, status="queued")
    async with opened(store, Echo()) as runtime:
        async with at_work(runtime):
            await events_of(await runtime.start(request_of("t1")))
        await jobs_of(store).post(info, Job("default", b'{"input": 7'), 60)
        async with at_work(runtime):
            await store.log.wait_idle("t1")
        saved = await runtime.saved_states.load("t1", "default", ANN)
        assert saved is not None
        assert saved.messages[0]["content"] == "hello"
        assert [each.status for each in await store.threads.runs("t1")] == ["finished", "failed"]


async def test_side_requests_are_carried_out_where_they_are_taken(store: Store) -> None:
    async with opened(store, Echo()) as runtime:
        handle = await runtime.start(replace(request_of("t1"), ephemeral=True))
        assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"


def test_a_runtime_without_a_queue_has_no_workers() -> None:
    with pytest.raises(Misconfigured):
        CopilotRuntime({"default": Echo()}).launcher.worker(["default"], 1)
    with pytest.raises(Misconfigured):
        Options(queues={"default": "gpu"})


def jobs_of(store: Store) -> Any:  # noqa: ANN401
    assert isinstance(store, Queueing)
    return store.jobs
