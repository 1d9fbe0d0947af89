"""What every store promises of its threads and their saved states, beside their logs."""

from __future__ import annotations

import asyncio

import pytest

from agui_runtime.core.errors import (
    Busy,
    Conflict,
    InvalidInput,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.core.events import Cursor
from agui_runtime.stores.base import AgentState, Store, ThreadQuery
from tests.stores.test_contract import (
    LIMITS,
    Clock,
    a_run,
    claimed,
    clock as clock,
    finish,
    read,
    store as store,
    whole_run,
)


async def test_state_is_saved_with_the_end_of_the_run(store: Store) -> None:
    lease = await claimed(store, a_run())
    await finish(store, lease, AgentState({"topic": "cats"}, [{"id": "m1", "role": "user"}]))
    saved = await store.states.load("t1", "default")
    assert saved is not None
    assert (saved.state, saved.version) == ({"topic": "cats"}, 1)


async def test_a_stale_write_of_state_is_a_conflict(store: Store) -> None:
    await whole_run(store, a_run())
    assert await store.states.save("t1", "default", AgentState(1), expected_version=0) == 1
    assert await store.states.save("t1", "default", AgentState(2), expected_version=1) == 2
    with pytest.raises(Conflict) as conflict:
        await store.states.save("t1", "default", AgentState(3), expected_version=1)
    assert conflict.value.version == 2


async def test_a_state_beyond_the_limit_is_refused(store: Store) -> None:
    await whole_run(store, a_run())
    with pytest.raises(TooLarge):
        await store.states.save("t1", "default", AgentState("x" * 600))


async def test_states_can_be_deleted_one_by_one_and_together(store: Store) -> None:
    await whole_run(store, a_run())
    for agent in ("a", "b", "c"):
        await store.states.save("t1", agent, AgentState(agent))
    await store.states.delete("t1", "a")
    assert await store.states.load("t1", "a") is None
    await store.states.delete("t1")
    assert await store.states.load("t1", "b") is None
    await store.states.delete("unknown")


async def test_threads_are_listed_by_owner_newest_first(store: Store, clock: Clock) -> None:
    for name in ("t1", "t2", "t3"):
        await whole_run(store, a_run(thread=name))
        clock.now += 1
    await whole_run(store, a_run(thread="t4", owner="bob"))
    first = await store.threads.list("ann", ThreadQuery(limit=2))
    rest = await store.threads.list("ann", ThreadQuery(limit=2, cursor=first.next_cursor))
    assert [thread.thread_id for thread in first.threads] == ["t3", "t2"]
    assert [thread.thread_id for thread in rest.threads] == ["t1"]
    assert rest.next_cursor is None


@pytest.mark.parametrize("limit", [-(2**63), -1, 0])
async def test_a_list_of_fewer_threads_than_one_is_refused(store: Store, limit: int) -> None:
    await whole_run(store, a_run())
    with pytest.raises(InvalidInput, match="limit"):
        await store.threads.list("ann", ThreadQuery(limit=limit))


async def test_a_list_may_be_longer_than_there_are_threads(store: Store) -> None:
    await whole_run(store, a_run())
    page = await store.threads.list("ann", ThreadQuery(limit=2**63))
    assert (len(page.threads), page.next_cursor) == (1, None)


async def test_a_thread_that_there_is_can_be_renamed_and_archived(store: Store) -> None:
    with pytest.raises(ThreadNotFound):
        await store.threads.update("t1", name="Cats")
    await whole_run(store, a_run())
    await store.threads.update("t1", name="Cats")
    archived = await store.threads.update("t1", archived=True)
    assert (archived.name, archived.archived) == ("Cats", True)
    assert (await store.threads.list("ann")).threads == []
    assert (await store.threads.list("ann", ThreadQuery(include_archived=True))).threads == [
        archived
    ]


async def test_a_deleted_thread_is_gone_for_its_readers_too(store: Store) -> None:
    lease = await whole_run(store, a_run())
    reader = asyncio.create_task(read(store, 9, Cursor(lease.start.epoch, 4)))
    await asyncio.sleep(0)
    await store.threads.delete("t1")
    with pytest.raises(ThreadNotFound):
        await reader
    assert await store.threads.get("t1") is None
    assert await store.states.load("t1", "default") is None


async def test_a_running_thread_cannot_be_deleted(store: Store) -> None:
    await claimed(store, a_run())
    with pytest.raises(Busy):
        await store.threads.delete("t1")


async def test_old_threads_expire(store: Store, clock: Clock) -> None:
    await whole_run(store, a_run())
    clock.now += LIMITS.max_age + 1
    await whole_run(store, a_run(thread="t2"))
    assert await store.threads.get("t1") is None


async def test_a_thread_can_be_made_before_its_first_run(store: Store) -> None:
    made = await store.threads.obtain("t1", "ann", "default")
    assert made == await store.threads.obtain("t1", "ann", "other")
    assert (await store.log.end("t1")).seq == 0
    with pytest.raises(ThreadNotFound):
        await store.threads.obtain("t1", "bob", "default")


async def test_the_runs_of_several_threads_are_read_in_one_look(store: Store) -> None:
    await whole_run(store, a_run("t1", "r1"))
    await whole_run(store, a_run("t1", "r2"))
    await claimed(store, a_run("t2", "r3"))
    await store.threads.obtain("t3", "ann", "default")
    found = await store.threads.runs_of(["t2", "t0", "t1", "t3"])
    assert found.keys() == {"t1", "t2", "t3"}
    assert [run.run_id for run in found["t1"]] == ["r1", "r2"]
    for thread, runs in found.items():
        assert list(runs) == list(await store.threads.runs(thread))
    assert await store.threads.runs_of([]) == {}
