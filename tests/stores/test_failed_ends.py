"""A write that a store refuses as nobody expected: the run ends clearly, and its readers know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import AguiError, StoreFailed
from agui_runtime.core.events import TERMINAL, Event
from agui_runtime.hooks.hook import Hook, RunReport
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from tests.runtime.worlds import Scripted, asking, ran
from tests.stores.databases import PostgresDatabase, SqliteDatabase
from tests.stores.ends import START, ended
from tests.stores.faulty import Faulty, FaultyMemory, FaultyRedis, FaultyTables
from tests.stores.test_contract import a_run, claimed, delta

KINDS = ("memory", "redis", "sqlite", "postgres")


@pytest.fixture(params=KINDS)
async def faulty(
    request: pytest.FixtureRequest, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Faulty]:
    kinds: dict[str, Callable[[], Faulty]] = {
        "memory": lambda: FaultyMemory(monkeypatch),
        "redis": lambda: FaultyRedis(request.getfixturevalue("redis")),
        "sqlite": lambda: FaultyTables(SqliteDatabase(request.getfixturevalue("tmp_path"))),
        "postgres": lambda: FaultyTables(
            PostgresDatabase(request.getfixturevalue("postgres").database())
        ),
    }
    place = kinds[request.param]()
    yield place
    await place.mend()


async def outcome(
    store: Store, fault: Callable[[], Awaitable[None]], mend: Callable[[], Awaitable[None]]
) -> tuple[list[Event] | AguiError, list[Event], list[Event]]:
    """What the reader of a run has that meets the fault while it talks; the log of it when that is
    mended, and the next run.
    """

    async def talking(request: RunAgentInput) -> AsyncIterator[Event]:
        yield START
        yield delta(0)
        yield {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "stored first"}
        await fault()

    runtime = CopilotRuntime({"default": talking, "next": Scripted()}, store=store)
    async with runtime.lifespan(), asyncio.timeout(20):
        try:
            seen: list[Event] | AguiError = await ran(runtime, asking(run="r1"))
        except AguiError as error:
            seen = error
        await mend()
        again = await ran(runtime, asking(run="r2", agent="next"))
        log = [each.event for each in await ended(store) if each.run_id == "r1"]
        return seen, log, again


async def test_a_run_whose_state_is_refused_ends_without_it(faulty: Faulty) -> None:
    seen, log, again = await outcome(faulty.store(), faulty.refuse_states, faulty.mend)
    assert seen == log
    assert log[-1]["code"] == "STORE_FAILED"
    assert [each["type"] for each in log if each["type"] in TERMINAL] == ["RUN_ERROR"]
    assert again[-1]["type"] == "RUN_FINISHED"


async def test_readers_have_the_end_that_is_refused_and_the_log_has_it_later(
    faulty: Faulty, caplog: pytest.LogCaptureFixture
) -> None:
    seen, log, again = await outcome(faulty.store(), faulty.refuse_ends, faulty.mend)
    if isinstance(seen, AguiError):
        assert seen.code == "STORE_FAILED"
    else:  # the memory store, which can always free its threads
        assert seen == log
    assert log[-1]["code"] == "STORE_FAILED"
    assert again[-1]["type"] == "RUN_FINISHED"
    assert caplog.text.count("could not be stored") == 1


@pytest.mark.parametrize("faulty", ["sqlite", "postgres"], indirect=True)
async def test_a_write_that_is_refused_fails_alone(faulty: Faulty) -> None:
    assert isinstance(faulty, FaultyTables)
    store = faulty.store()
    await store.open()
    leases = [await claimed(store, a_run(run, run)) for run in ("r1", "poison", "r3")]
    await faulty.refuse("insert", "agui_chunk", "new.run_id = 'poison'")
    writes = (store.log.append(lease, [delta(0)]) for lease in leases)
    told = await asyncio.gather(*writes, return_exceptions=True)
    await store.close()
    assert [type(each) for each in told] == [type(None), StoreFailed, type(None)]


async def test_hooks_are_given_a_run_whose_end_is_not_stored(faulty: Faulty) -> None:
    lost = list[RunReport]()

    class Watching(Hook):
        async def run_lost(self, report: RunReport) -> None:
            lost.append(report)

    async def talking(request: RunAgentInput) -> AsyncIterator[Event]:
        yield START
        await faulty.refuse_ends()

    store = faulty.store()
    runtime = CopilotRuntime({"default": talking}, store=store, hooks=[Watching()])
    async with runtime.lifespan(), asyncio.timeout(20):
        with suppress(AguiError):  # or it has an event that says so
            await ran(runtime, asking(run="r1"))
        await runtime.drain(10)
    [report] = lost
    assert (report.run.run_id, report.run.status) == ("r1", "failed")
    assert report.failure
    assert report.failure.code == "STORE_FAILED"
