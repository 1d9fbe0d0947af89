"""Threads in Redis that are deleted, and made again under the same id."""

from __future__ import annotations

from uuid import uuid4

import pytest

from agui_runtime.core.errors import OwnerLost
from agui_runtime.stores.redis import RedisStore
from tests.stores.servers import RedisServer, opened
from tests.stores.test_contract import a_run, claimed, delta, finish, whole_run


async def test_a_lease_of_a_deleted_thread_is_worth_nothing_in_one_of_the_same_id(
    redis: RedisServer,
) -> None:
    async with opened(RedisStore(redis.url, prefix=uuid4().hex)) as store:
        old = await whole_run(store, a_run())
        await store.threads.delete("t1")
        new = await claimed(store, a_run(run="r2"))
        assert new.token != old.token
        for late in (store.log.append(old, [delta(0)]), finish(store, old)):
            with pytest.raises(OwnerLost):
                await late
        await finish(store, new)
