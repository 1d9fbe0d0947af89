"""The one face over saved states, on memory and on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from agui_runtime.core.errors import (
    Conflict,
    InvalidInput,
    StateUnreadable,
    ThreadNotFound,
    TooLarge,
)
from agui_runtime.core.events import RunInfo
from agui_runtime.stores.base import AgentState, StateKey, Store
from agui_runtime.stores.memory import MemoryLimits, MemoryStore
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.sql import SqliteStore, SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore
from agui_runtime.stores.states import StateSchema, StateStoreManager
from agui_runtime.stores.states.reports import Statistics
from tests.stores.kept_states import TRIP, all_entries, keep

WEEK = 7 * 24 * 3600.0


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["memory", "redis", "sqlite", "postgres"])
async def store(
    request: pytest.FixtureRequest, clock: Clock, tmp_path: Path
) -> AsyncIterator[Store]:
    file, limits = f"sqlite:///{tmp_path}/threads.db", SqlLimits(state_bytes=50_000, max_age=WEEK)
    stores: dict[str, Callable[[], Store]] = {
        "memory": lambda: MemoryStore(MemoryLimits(state_bytes=50_000), clock),
        "redis": lambda: RedisStore(
            request.getfixturevalue("redis").url,
            RedisLimits(state_bytes=50_000),
            prefix=f"[{uuid4().hex}]*",
            clock=clock,
        ),
        "sqlite": lambda: SqliteStore(file, limits, clock=clock),
        "postgres": lambda: PostgresStore(
            request.getfixturevalue("postgres").database(), limits, clock=clock
        ),
    }
    store = stores[request.param]()
    await store.open()
    yield store
    await store.close()


async def test_a_state_against_its_schema_is_refused_and_changes_nothing(store: Store) -> None:
    states = StateStoreManager(store, {"trip": StateSchema(TRIP)})
    await store.threads.obtain("t1", "ann", "trip")
    await states.save("t1", "trip", AgentState({"city": "Rome"}))
    with pytest.raises(InvalidInput, match=r"schema of agent 'trip': /days: 0 is less than"):
        await states.save("t1", "trip", AgentState({"city": "Rome", "days": 0}))
    with pytest.raises(InvalidInput, match="'city' is a required property"):
        await states.save("t1", "trip", AgentState({"town": "Rome"}))
    saved = await states.load("t1", "trip")
    assert saved is not None
    assert (saved.state, saved.version) == ({"city": "Rome"}, 1)


async def test_no_state_yet_and_agents_without_a_schema_are_always_right(store: Store) -> None:
    states = StateStoreManager(store, {"trip": StateSchema(TRIP)})
    await store.threads.obtain("t1", "ann", "trip")
    assert await states.save("t1", "trip", AgentState({})) == 1
    assert await states.save("t1", "trip", AgentState(None)) == 2
    assert await states.save("t1", "other", AgentState({"town": 1})) == 1


def nested(levels: int) -> object:
    value: object = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("state", [{1, 2}, {1: "a"}, "\ud800", nested(201), [object()]])
async def test_a_state_that_is_not_json_is_refused(store: Store, state: object) -> None:
    states = StateStoreManager(store, {"trip": StateSchema()})
    await store.threads.obtain("t1", "ann", "trip")
    for agent in ("trip", "other"):
        with pytest.raises(InvalidInput, match="the state is not JSON"):
            await states.save("t1", agent, AgentState(state))


async def test_integers_of_a_state_stay_exact(store: Store) -> None:
    states = StateStoreManager(store)
    await store.threads.obtain("t1", "ann", "trip")
    await states.save("t1", "trip", AgentState({"wei": 2**70}))
    saved = await states.load("t1", "trip")
    assert saved is not None
    assert saved.state == {"wei": 2**70}


async def test_a_state_that_is_too_large_is_refused_with_the_limit(store: Store) -> None:
    states = StateStoreManager(store)
    await store.threads.obtain("t1", "ann", "trip")
    with pytest.raises(TooLarge, match="at most 50000"):
        await states.save("t1", "trip", AgentState("x" * 60_000))


async def test_a_save_after_an_older_version_is_a_conflict(store: Store) -> None:
    states = StateStoreManager(store, {"trip": StateSchema(TRIP)})
    await keep(store, "t1", {"city": "Rome"})
    assert await states.save("t1", "trip", AgentState({"city": "Bonn"}), 1) == 2
    with pytest.raises(Conflict):
        await states.save("t1", "trip", AgentState({"city": "Oslo"}), 1)


async def test_older_states_are_migrated_step_by_step_when_they_are_loaded(store: Store) -> None:
    def renamed(state: dict[str, Any]) -> dict[str, Any]:
        state["city"] = state.pop("town")
        return state

    schema = StateSchema(
        TRIP, version=3, migrations={1: renamed, 2: lambda state: state | {"days": 1}}
    )
    states = StateStoreManager(store, {"trip": schema})
    await keep(store, "t1", {"town": "Rome"})
    await keep(store, "t2", {"city": "Bonn"}, at=2)
    one, two = await states.load("t1", "trip"), await states.load("t2", "trip")
    assert one is not None
    assert two is not None
    assert (one.state, one.schema_version) == ({"city": "Rome", "days": 1}, 3)
    assert (two.state, two.messages[0]["id"]) == ({"city": "Bonn", "days": 1}, "m1")
    again = await states.load("t1", "trip")
    assert again == one  # what a migration is given is its own to change
    await states.save("t1", "trip", one, one.version)
    stored = await store.states.load("t1", "trip")
    assert stored is not None
    assert (stored.state, stored.schema_version) == (one.state, 3)


async def test_an_unknown_schema_version_is_told_and_the_others_stay_readable(
    store: Store,
) -> None:
    def broken(state: object) -> object:
        raise ZeroDivisionError

    migrations = {2: broken, 3: lambda state: {"town": 1}}
    states = StateStoreManager(store, {"trip": StateSchema(TRIP, version=4, migrations=migrations)})
    for at in (1, 2, 3, 4, 5):
        await keep(store, f"t{at}", {"city": "Rome"}, at=at)
    keys = [StateKey(f"t{at}", "trip") for at in (1, 2, 3, 4, 5, 6)]
    found = await states.load_many(keys)
    outcomes = [str(each) if isinstance(each, StateUnreadable) else each for each in found.values()]
    assert "version 1, for which no migration is registered" in str(outcomes[0])
    assert "migration of the state from schema version 2 failed" in str(outcomes[1])
    assert "after its migration to 4: /: 'city' is a required property" in str(outcomes[2])
    assert isinstance(outcomes[3], AgentState)
    assert "version 5, this server knows 4" in str(outcomes[4])
    assert outcomes[5] is None


async def test_no_state_yet_needs_no_migration(store: Store) -> None:
    schema = StateSchema(TRIP, version=2, migrations={1: lambda state: {"city": state["town"]}})
    states = StateStoreManager(store, {"trip": schema})
    await keep(store, "t1", {})
    saved = await states.load("t1", "trip")
    assert saved is not None
    assert (saved.state, saved.schema_version) == ({}, 2)


async def test_many_are_saved_and_deleted_and_each_failure_is_its_own(store: Store) -> None:
    states = StateStoreManager(store, {"trip": StateSchema(TRIP)})
    keys = [StateKey(f"t{number}", "trip") for number in range(40)]
    for key in keys[1:]:
        await store.threads.obtain(key.thread_id, "ann", "trip")
    given = {key: AgentState({"city": key.thread_id}) for key in keys}
    given[keys[1]] = AgentState({"town": 1})
    done = await states.save_many(given)
    assert isinstance(done[keys[0]], ThreadNotFound)
    assert isinstance(done[keys[1]], InvalidInput)
    assert [done[key] for key in keys[2:]] == [1] * 38
    assert await states.delete_many(keys[:30]) == dict.fromkeys(keys[:30])
    assert sorted(await all_entries(states)) == sorted(keys[30:])


async def test_entries_are_those_asked_for(store: Store) -> None:
    states = StateStoreManager(store)
    await keep(store, "t1", {"a": 1})
    await keep(store, "t1", {"a": 2}, agent="other")
    await keep(store, "t2", {"a": 3}, owner="bob")
    assert sorted(await all_entries(states)) == [("t1", "other"), ("t1", "trip"), ("t2", "trip")]
    assert sorted(await all_entries(states, thread_id="t1")) == [("t1", "other"), ("t1", "trip")]
    assert sorted(await all_entries(states, thread_id="t9")) == []
    assert sorted(await all_entries(states, agent="trip")) == [("t1", "trip"), ("t2", "trip")]
    (bobs,) = (await all_entries(states, owner="bob")).values()
    assert bobs.thread is not None
    assert bobs.saved is not None
    assert (bobs.key.thread_id, bobs.thread.owner, bobs.saved.state) == ("t2", "bob", {"a": 3})


async def test_statistics_count_and_weigh(store: Store) -> None:
    states = StateStoreManager(store)
    assert await states.statistics() == Statistics()
    await keep(store, "t1", "x" * 1000)
    await keep(store, "t1", {}, agent="other")
    await keep(store, "t2", {})
    statistics = await states.statistics()
    assert (statistics.states, statistics.threads, statistics.unreadable) == (3, 2, 0)
    assert statistics.agents == {"trip": 2, "other": 1}
    assert 1000 < statistics.largest < statistics.bytes < 1400


async def test_health_tells_whether_the_store_answers(store: Store) -> None:
    states = StateStoreManager(store)
    assert (await states.health()).ok
    await store.close()
    health = await states.health()
    assert health.ok == isinstance(store, MemoryStore)
    assert (health.problem is None) == health.ok


async def test_a_sweep_removes_what_is_too_old_unless_its_thread_runs(
    store: Store, clock: Clock
) -> None:
    states = StateStoreManager(store, clock=clock)
    await keep(store, "old", {})
    await keep(store, "live", {})
    run = RunInfo("live", "r1", "trip", "ann", clock.now)
    await store.log.claim(run, lambda: None)
    clock.now += 100
    await keep(store, "new", {})
    assert await states.sweep() == []
    assert await states.sweep(max_age=100) == []
    assert await states.sweep(max_age=99) == [("old", "trip")]
    assert sorted(await all_entries(states)) == [("live", "trip"), ("new", "trip")]


async def test_expired_threads_take_their_states_along(store: Store, clock: Clock) -> None:
    states = StateStoreManager(store, clock=clock)
    await keep(store, "t1", {})
    clock.now += WEEK + 1
    await states.sweep()
    assert await all_entries(states) == {}


async def test_a_diff_is_a_patch_from_one_state_to_the_other(store: Store) -> None:
    states = StateStoreManager(store)
    await keep(store, "t1", {"city": "Rome"})
    await keep(store, "t2", {"city": "Bonn", "days": 2})
    one, two = StateKey("t1", "trip"), StateKey("t2", "trip")
    assert await states.diff(one, one) == []
    assert sorted(await states.diff(one, two), key=lambda change: str(change["path"])) == [
        {"op": "replace", "path": "/state/city", "value": "Bonn"},
        {"op": "add", "path": "/state/days", "value": 2},
    ]
    made = await states.diff(StateKey("t9", "trip"), one)
    assert {"op": "add", "path": "/state/city", "value": "Rome"} in made
