"""Runs that one version of an app posts while workers of others are there, too."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.core.queueing import older_than, queue_of
from agui_runtime.queues.here import HereQueue
from agui_runtime.runtime import queue_watch, worker
from agui_runtime.runtime.runtime import Options
from agui_runtime.stores.base import Store
from tests.runtime.test_workers import Echo, at_work, events_of, jobs_of, opened, request_of
from tests.stores.conftest import each_store as each_store, postgres as postgres, redis as redis


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "EVERY", 0.02)
    monkeypatch.setattr(queue_watch, "EVERY", 0.02)


@pytest.mark.parametrize(
    ("older", "newer"),
    [("9", "10"), ("1.9.3", "1.10"), ("2026-09-30", "2026-11-27"), ("1", "1.0.1"), ("007", "8")],
)
def test_of_two_versions_the_one_with_the_higher_number_is_newer(older: str, newer: str) -> None:
    assert older_than(newer, queue_of("gpu", older)) == "gpu"
    assert older_than(older, queue_of("gpu", newer)) is None
    assert older_than(newer, queue_of("gpu", newer)) is None
    assert older_than(newer, "gpu") is None
    assert older_than(None, queue_of("gpu", older)) is None


@pytest.mark.parametrize("version", ["", "v2", "3f2a91c", "1..2", "1@2", "1" * 19])
def test_a_version_that_does_not_say_which_is_newer_is_refused(version: str) -> None:
    with pytest.raises(Misconfigured, match="which of two versions is newer"):
        Options(run_in=HereQueue(), app_version=version)


@pytest.mark.usefixtures("often")
async def test_a_run_is_for_workers_of_the_version_that_posted_it(each_store: Store) -> None:
    queue, agents = HereQueue(), {name: Echo() for name in ("9", "10", "none")}
    async with AsyncExitStack() as stack:
        opened_as = {
            name: await stack.enter_async_context(
                opened(
                    each_store,
                    agent,
                    run_in=queue,
                    app_version=None if name == "none" else name,
                )
            )
            for name, agent in agents.items()
        }
        for runtime in opened_as.values():
            await stack.enter_async_context(at_work(runtime))
        for thread, name in enumerate(["9", "10", "9", "10"]):
            handle = await opened_as[name].start(request_of(f"t{thread}"))
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    assert agents["9"].answered == ["t0", "t2"]
    assert agents["10"].answered == ["t1", "t3"]
    assert agents["none"].answered == []


@pytest.mark.usefixtures("often")
async def test_newer_workers_take_over_when_none_of_a_version_is_left_and_older_ones_never(
    each_store: Store,
) -> None:
    queue, old, new = HereQueue(), Echo(), Echo()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(
            opened(each_store, old, run_in=queue, app_version="1")
        )
        second = await stack.enter_async_context(
            opened(each_store, new, run_in=queue, app_version="2")
        )
        early = await second.start(request_of("t0"))
        async with at_work(first, 1):
            done = await first.start(request_of("t1"))
            await events_of(done)
            assert (await jobs_of(each_store).figures())["default@2"].waiting == 1
        handles = [await first.start(request_of(f"t{number}")) for number in range(2, 5)]
        await stack.enter_async_context(at_work(second, 2))
        for handle in (early, *handles):
            assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
        async with asyncio.timeout(60):  # who helps out is none of its workers
            while "default@1" in await jobs_of(each_store).figures():  # noqa: ASYNC110  # another task
                await asyncio.sleep(0.01)
        assert (await jobs_of(each_store).figures())["default@2"].workers == 1
    assert old.answered == ["t1"]
    assert sorted(new.answered) == ["t0", "t2", "t3", "t4"]


@pytest.mark.usefixtures("often")
async def test_a_worker_of_a_version_takes_runs_of_none_and_what_is_left_of_none_newer(
    each_store: Store,
) -> None:
    queue, agent = HereQueue(), Echo()
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(opened(each_store, Echo(), run_in=queue))
        second = await stack.enter_async_context(
            opened(each_store, agent, run_in=queue, app_version="2")
        )
        await stack.enter_async_context(at_work(second))
        handle = await plain.start(request_of("t1"))
        assert (await events_of(handle))[-1]["type"] == "RUN_FINISHED"
    assert agent.answered == ["t1"]


@pytest.mark.usefixtures("often")
async def test_a_run_whose_agent_no_version_has_any_more_ends_saying_so(
    each_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = HereQueue()
    limits = {"run_in": queue, "worker_timeout": 0.3}
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(
            opened(each_store, Echo(), app_version="2", **limits)
        )
        first = await stack.enter_async_context(
            opened(each_store, {"gone": Echo()}, app_version="1", run_in=queue)
        )
        await stack.enter_async_context(at_work(second))
        events = await events_of(await first.start(request_of("t1", agent="gone")))
    assert [each["type"] for each in events] == ["RUN_STARTED", "RUN_ERROR"]
    assert events[0]["input"]["messages"][0]["content"] == "hello"
    assert events[-1]["code"] == "AGENT_NOT_FOUND"
    assert "'gone'" in events[-1]["message"]
