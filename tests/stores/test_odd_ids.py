"""Whatever applications call their threads and runs, each of them is one of its own."""

from __future__ import annotations

import asyncio

import pytest

from agui_runtime.core.events import RunInfo
from agui_runtime.stores.base import AgentState, Store
from tests.stores.odd_ids import ODD_IDS
from tests.stores.test_contract import claimed, delta, finish


@pytest.mark.parametrize("id_", ODD_IDS)
async def test_any_text_may_name_a_thread_and_a_run(each_store: Store, id_: str) -> None:
    lease = await claimed(each_store, RunInfo(id_, id_, "default", "ann", 1.0))
    reading = asyncio.create_task(anext(each_store.log.follow(id_, None)))
    await each_store.log.append(lease, [delta(0)])
    await finish(each_store, lease, AgentState({"n": 1}))
    assert {record.run_id for record in (await reading).records} == {id_}
    assert [run.run_id for run in await each_store.threads.runs(id_)] == [id_]
    listed = await each_store.threads.list("ann")
    assert [thread.thread_id for thread in listed.threads] == [id_]
    keys = each_store.states.keys()
    assert [key.thread_id async for key in keys] == [id_]
    await each_store.threads.delete(id_)
    assert await each_store.threads.get(id_) is None
