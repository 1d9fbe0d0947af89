"""What becomes of runs between the process that posts them and the one that carries them out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any, cast

import pytest

from agui_runtime.core.errors import TooManyRequests
from agui_runtime.hooks.telemetry.spans import Spans
from agui_runtime.queues.here import HereQueue
from agui_runtime.stores.base import Store
from agui_runtime.stores.jobs import Posted
from tests.hooks.telemetry.test_spans import Trace
from tests.runtime.test_workers import (
    ANN,
    Echo,
    at_work,
    events_of,
    jobs_of,
    opened,
    request_of,
)
from tests.stores.conftest import (
    each_store as each_store,
    made as made,
    place as place,
    postgres as postgres,
    redis as redis,
)
from tests.stores.databases import AnyStore, Processes


async def test_a_run_whose_agent_was_renamed_meanwhile_leaves_all_under_the_new_name(
    each_store: Store,
) -> None:
    async with opened(each_store, {"old": Echo()}) as before:
        handle = await before.start(request_of("t1", agent="old"))
        renamed = {"aliases": {"old": "new"}}
        async with opened(each_store, {"new": Echo()}, **renamed) as after, at_work(after):
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
            saved = await after.saved_states.load("t1", "old", ANN)
            assert saved is not None
            assert saved.messages[0]["content"] == "hello"
            assert await each_store.states.load("t1", "new") is not None
            assert await each_store.states.load("t1", "old") is None
            assert [run.agent for run in await after.store.threads.runs("t1")] == ["new"]


async def test_a_bell_rings_for_a_run_whose_client_went_as_it_was_posted(
    each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting, go, rung = asyncio.Event(), asyncio.Event(), asyncio.Event()
    post = jobs_of(each_store).post

    async def held(*given: Any) -> Posted:  # noqa: ANN401
        posting.set()
        await go.wait()
        return cast(Posted, await post(*given))

    class Bell(HereQueue):
        async def ring(self, queue: str) -> None:
            rung.set()

    monkeypatch.setattr(jobs_of(each_store), "post", held)
    async with opened(each_store, Echo(), run_in=Bell(), caller_runs=1) as runtime:
        starting = asyncio.create_task(runtime.start(request_of("t1")))
        await posting.wait()
        starting.cancel()
        go.set()
        with pytest.raises(asyncio.CancelledError):
            await starting
        async with asyncio.timeout(60):
            await rung.wait()
        with pytest.raises(TooManyRequests):  # it has its place
            await runtime.start(request_of("t2"))


async def test_runs_that_wait_count_with_live_ones_over_all_processes(
    made: Processes[AnyStore],
) -> None:
    limits: dict[str, Any] = {"caller_runs": 2, "run_in": HereQueue()}
    async with AsyncExitStack() as stack:
        agent = Echo()
        first, second, third = [cast(Store, await made.start()) for _ in range(3)]
        async with opened(first, Echo(), **limits) as gone:
            one = await gone.start(request_of("t1", text="wait"))
            await gone.start(request_of("t2"))
        # The server that posted them is there no more.
        web = await stack.enter_async_context(opened(second, Echo(), **limits))
        with pytest.raises(TooManyRequests, match="you have 2 runs open"):
            await web.start(request_of("t3"))
        work = await stack.enter_async_context(opened(third, agent, **limits))
        await stack.enter_async_context(at_work(work, 1))
        async with asyncio.timeout(60):
            await agent.begun.get()
        with pytest.raises(TooManyRequests):  # one is live, one waits
            await web.start(request_of("t3"))
        agent.go.set()
        await web.store.log.wait_idle("t1")
        await web.store.log.wait_idle("t2")
        assert one.run.run_id == "r1"
        await work.runs.close()
        for number in (3, 4):
            await events_of(await web.start(request_of(f"t{number}")))


async def test_what_is_stopped_or_refused_while_it_waits_gives_its_place_back(
    each_store: Store,
) -> None:
    async with opened(each_store, Echo(), caller_runs=2) as runtime:
        await runtime.start(request_of("t1"))
        again = await runtime.start(request_of("t1"))
        assert again.run.run_id == "r1"
        assert await runtime.stop("t1", ANN)
        assert (await events_of(again))[-1]["outcome"] == {"type": "cancelled"}
        await runtime.runs.close()
        for thread in ("t2", "t3"):
            await runtime.start(request_of(thread))
        with pytest.raises(TooManyRequests):
            await runtime.start(request_of("t4"))


@pytest.fixture
def recorded() -> Iterator[Trace]:
    made = Trace()
    yield made
    made.provider.shutdown()


async def test_a_run_on_a_worker_is_a_part_of_what_its_request_was_traced_as(
    each_store: Store, recorded: Trace
) -> None:
    tracer = recorded.provider.get_tracer("web")
    async with AsyncExitStack() as stack:
        queue, hooks = HereQueue(), [Spans(recorded.provider)]
        web = await stack.enter_async_context(opened(each_store, Echo(), run_in=queue, hooks=hooks))
        work = await stack.enter_async_context(
            opened(each_store, Echo(), run_in=queue, hooks=hooks)
        )
        with tracer.start_as_current_span("POST /copilotkit") as request:
            handle = await web.start(request_of("t1"))
        with tracer.start_as_current_span("a bell"):
            await stack.enter_async_context(at_work(work))
            await events_of(handle)
    run = next(each for each in recorded.spans if each.name == "invoke_agent default")
    assert run.parent is not None
    assert run.parent.span_id == request.get_span_context().span_id
    assert run.context is not None
    assert run.context.trace_id == request.get_span_context().trace_id
