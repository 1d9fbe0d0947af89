"""What is special to stores in SQL: rows that are damaged, retention, steps that are repeated."""

from __future__ import annotations

import asyncio

import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Cursor
from agui_runtime.stores.base import AgentState
from agui_runtime.stores.sql import SqlLimits, writes
from agui_runtime.stores.sql.step import Addition, Claim, Ending, Thread
from tests.stores.databases import SqlProcesses
from tests.stores.test_contract import Clock, a_run, claimed, finish, read, whole_run

UNREADABLE = "agui_runtime.unreadable"


async def test_no_cursor_from_before_a_backup_is_taken_after_it_was_put_back(
    tables: SqlProcesses,
) -> None:
    store = await tables.start()
    lease = await whole_run(store, a_run())
    assert await store.restored() == 1
    with pytest.raises(Gone):
        await read(store, 1, lease.start)
    assert len(await read(store, 4)) == 4


@pytest.mark.parametrize("damage", [b"{broken", b"", b"5", b"[]", b"{}", b"zzz", b"\xff\xfe"])
async def test_a_write_that_cannot_be_read_hides_no_other(
    tables: SqlProcesses, damage: bytes
) -> None:
    store = await tables.start()
    await whole_run(store, a_run())
    await whole_run(store, a_run(run="r2"))
    await tables.database.execute("update agui_chunk set events = ? where last = 3", damage)
    records = await read(await tables.start(), 6)
    assert records[0].event == {"type": "CUSTOM", "name": UNREADABLE, "value": {"seq": 3}}
    assert [record.seq for record in records] == [3, 4, 5, 6, 7, 8]


async def test_an_event_that_is_none_hides_no_other(tables: SqlProcesses) -> None:
    store = await tables.start()
    await whole_run(store, a_run())
    events = b'[{"type":3},{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"1"},5]'
    await tables.database.execute("update agui_chunk set events = ? where last = 3", events)
    names = [record.event.get("name") for record in await read(store, 4)]
    assert names == [UNREADABLE, None, UNREADABLE, None]


async def test_nothing_is_forgotten_unless_a_limit_says_so(tables: SqlProcesses) -> None:
    clock = Clock()
    store = await tables.start(clock=clock)
    for number in range(120):
        await whole_run(store, a_run(run=f"r{number}"), deltas=1)
    clock.now += 10 * 365 * 24 * 3600
    await store.upkeep.forget_old_threads()
    assert len(await store.threads.runs("t1")) == 120
    assert (await read(store, 240))[0].seq == 1


async def test_a_thread_that_is_too_old_is_erased_with_all_that_it_holds(
    tables: SqlProcesses,
) -> None:
    clock, limits = Clock(), SqlLimits(max_age=60)
    store = await tables.start(limits, clock)
    lease = await claimed(store, a_run())
    await finish(store, lease, AgentState({"a": 1}))
    await claimed(store, a_run(thread="live"))
    clock.now += 61
    await store.upkeep.forget_old_threads()
    for table in ("thread where id = 't1'", "run where thread_id = 't1'", "chunk", "state"):
        assert await tables.database.execute(f"select * from agui_{table}") == []
    assert await store.threads.get("live") is not None


async def test_a_claim_and_an_end_that_are_carried_out_twice_are_stored_once(
    tables: SqlProcesses,
) -> None:
    store = await tables.start()
    backend = store.backend
    thread = Thread("t1", "ann", "default", float("-inf"))
    claim = Claim(a_run(), "nonce", 6.0, None)
    one = await backend.write(lambda: writes.claim(thread, claim))
    assert one == await backend.write(lambda: writes.claim(thread, claim))
    addition = Addition("t1", one.token, 0, "r1", 1, b"[5]", 1000, None)
    verdicts: asyncio.Queue[object] = asyncio.Queue()
    for verdict in ("ok", "done"):
        backend.append(addition, verdicts.put_nowait)
        assert await verdicts.get() == verdict
    ending = Ending(a_run(), one.token, 1, "end", 1, b"[6]", ["m1"], None)
    for _ in range(2):
        assert await backend.write(lambda: writes.release(ending))
    assert await store.log.end("t1") == Cursor(one.start.epoch, 2)
