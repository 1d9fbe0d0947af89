"""Every store is measured in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import pytest
from ag_ui.core import RunAgentInput
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Event
from agui_runtime.hooks.telemetry.metrics import Metrics
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.measured import MeasuredStore
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.worlds import asking, ran
from tests.stores.databases import AnyStore, Processes
from tests.stores.ends import START
from tests.stores.test_contract import Clock, a_run, claimed, delta, ignore

STEPS = ("claim", "release", "load")


async def answering(request: RunAgentInput) -> AsyncIterator[Mapping[str, str]]:
    for letter in "hello":
        yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m", "delta": letter}


async def test_the_steps_of_a_store_its_events_and_its_commits_are_counted(
    each_store: Store,
) -> None:
    metrics = Metrics()
    runtime = CopilotRuntime({"default": answering}, store=each_store, hooks=[metrics])
    events = await ran(runtime, asking())
    await runtime.drain(10)  # readers may see the end before its writer knows that it is stored
    found = {
        (sample.name, sample.labels.get("step")): sample.value
        for family in text_string_to_metric_families(generate_latest(metrics.registry).decode())
        for sample in family.samples
        if "le" not in sample.labels
    }
    for step in STEPS:
        assert found["agui_store_seconds_count", step] == 1
    assert found["agui_events_total", None] == len(events)
    in_memory = isinstance(each_store, MemoryStore)
    assert (found["agui_store_seconds_count", "append"] > 0) is not in_memory
    assert (found["agui_group_commit_size_count", None] > 0) is not in_memory
    assert found["agui_leases_lost_total", None] == 0


async def test_a_lease_that_a_write_finds_lost_is_counted_once(made: Processes[AnyStore]) -> None:
    clock, metrics = Clock(), Metrics()
    silent = MeasuredStore(await made.start(clock=clock), metrics)
    lease = await claimed(silent, a_run())
    await silent.log.append(lease, [START])
    clock.now += 7
    await claimed(await made.start(clock=clock), a_run(run="r2"))
    with pytest.raises(OwnerLost), silent.log.keep(lease, ignore):
        await silent.log.append(lease, [delta(0)])
    assert metrics.registry.get_sample_value("agui_leases_lost_total") == 1


async def test_a_run_that_another_process_ended_is_a_failed_one_and_none_of_the_live_ones(
    made: Processes[AnyStore],
) -> None:
    clock, metrics, begun = Clock(), Metrics(), asyncio.Event()

    async def waiting(request: RunAgentInput) -> AsyncIterator[Event]:
        begun.set()
        await asyncio.Event().wait()
        yield START

    store = await made.start(clock=clock)
    runtime = CopilotRuntime({"default": waiting}, store=store, hooks=[metrics])
    reading = asyncio.create_task(ran(runtime, asking()))
    await begun.wait()
    assert metrics.registry.get_sample_value("agui_runs_live") == 1
    clock.now += 7
    await (await made.start(clock=clock)).log.end_lost_run("t1")
    assert (await reading)[-1]["code"] == "OWNER_LOST"
    await runtime.drain(10)
    labels = {"agent": "default", "status": "failed", "code": "OWNER_LOST"}
    assert metrics.registry.get_sample_value("agui_runs_total", labels) == 1
    assert metrics.registry.get_sample_value("agui_runs_live") == 0
