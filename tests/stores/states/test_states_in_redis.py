"""Saved states as Redis keeps them: compressed, from older releases, damaged, without a thread."""

from __future__ import annotations

from uuid import uuid4

import orjson
import pytest

from agui_runtime.core.errors import StateUnreadable, StoreUnavailable
from agui_runtime.stores.base import AgentState, StateKey
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.states import StateSchema, StateStoreManager
from tests.stores.kept_states import TRIP, all_entries, exported, keep
from tests.stores.servers import RedisServer, opened


async def test_large_states_are_compressed_in_redis(redis: RedisServer) -> None:
    async with opened(RedisStore(redis.url, prefix="squeeze")) as store:
        await keep(store, "t1", ["word"] * 20_000)
        assert redis.command("HSTRLEN", "squeeze:{t1}:states", "s:trip") < 3000
        found = await StateStoreManager(store).statistics()
        assert found.bytes > 120_000


async def test_what_an_older_release_saved_counts_as_version_1(redis: RedisServer) -> None:
    async with opened(RedisStore(redis.url, prefix="older")) as store:
        await keep(store, "t1", {})
        older = '{"state":{"town":"Rome"},"messages":[],"saved_at":1.0}'
        redis.command("HSET", "older:{t1}:states", "s:trip", older)
        schema = StateSchema(TRIP, version=2, migrations={1: lambda state: {"city": state["town"]}})
        saved = await StateStoreManager(store, {"trip": schema}).load("t1", "trip")
        assert saved == AgentState({"city": "Rome"}, [], 1, 1.0, 2)


@pytest.mark.parametrize("damage", ["{", "z\x00\x01", "[]", "{}", "7", '{"state": 1}', ""])
async def test_a_damaged_state_is_told_and_the_others_stay_readable(
    redis: RedisServer, damage: str
) -> None:
    prefix = uuid4().hex
    async with opened(RedisStore(redis.url, prefix=prefix)) as store:
        await keep(store, "t1", {"n": 1})
        await keep(store, "t1", {"n": 2}, agent="other")
        redis.command("HSET", f"{prefix}:{{t1}}:states", "s:trip", damage)
        states = StateStoreManager(store)
        with pytest.raises(StateUnreadable, match="damaged"):
            await states.load("t1", "trip")
        entries = await all_entries(states)
        assert "damaged" in str(entries[StateKey("t1", "trip")].problem)
        assert (await states.statistics()).unreadable == 1
        lines = []
        with pytest.raises(StateUnreadable, match="not in the export: 1"):
            async for line in states.export():
                lines.append(orjson.loads(line)["state"])
        assert lines == [{"n": 2}]
        await states.delete("t1", "trip")
        assert await states.load("t1", "trip") is None


async def test_a_sweep_removes_what_lost_its_thread(redis: RedisServer) -> None:
    async with opened(RedisStore(redis.url, prefix="lost")) as store:
        await keep(store, "t1", {})
        await keep(store, "t2", {})
        redis.command("DEL", "lost:{t1}:meta")
        states = StateStoreManager(store)
        assert (await all_entries(states))[StateKey("t1", "trip")].thread is None
        assert [orjson.loads(line)["threadId"] for line in await exported(states)] == ["t2"]
        assert await states.sweep() == [("t1", "trip")]
        assert list(await all_entries(states)) == [("t2", "trip")]


async def test_a_store_that_is_away_is_told(redis: RedisServer) -> None:
    store = RedisStore(redis.url)
    with pytest.raises(StoreUnavailable):
        await StateStoreManager(store).statistics()
