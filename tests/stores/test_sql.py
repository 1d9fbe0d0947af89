"""What processes over one database promise each other; here each store stands for a process."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Busy, Gone, OwnerLost, ThreadNotFound
from agui_runtime.core.events import Cursor, Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import AgentState, RunEnd
from agui_runtime.stores.sql import SqlLimits, writes
from agui_runtime.stores.sql.step import Addition, Claim, Ending, Thread
from tests.runtime.worlds import Scripted, asking, ran, text
from tests.stores.databases import Database, PostgresDatabase, Processes, SqliteDatabase
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run
from tests.stores.test_redis import START, ended

SHORT = SqlLimits(lease=0.6)
UNREADABLE = "agui_runtime.unreadable"


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, postgres: PostgresServer, tmp_path: Path) -> Database:
    if request.param == "postgres":
        return PostgresDatabase(postgres.database())
    return SqliteDatabase(tmp_path)


@pytest.fixture
async def made(database: Database) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(stack, database)


async def test_what_one_process_writes_another_reads_as_it_comes(made: Processes) -> None:
    writer, reader = await made.start(), await made.start()
    lease = await claimed(writer, a_run())
    reading = asyncio.create_task(read(reader, 4))
    for number in range(3):
        await writer.log.append(lease, [delta(number)])
    await finish(writer, lease)
    assert await reading == await read(writer, 4)


async def test_a_stop_reaches_the_process_that_runs(made: Processes) -> None:
    owner, other = await made.start(), await made.start()
    stopped = asyncio.Event()
    await claimed(owner, a_run(), stopped.set)
    assert await other.log.ask_stop("t1", "r1")
    await stopped.wait()


async def test_a_stop_that_nobody_received_is_found_with_the_next_renewal(
    made: Processes,
) -> None:
    owner, calls, stopped = await made.start(SHORT), list[str](), asyncio.Event()

    def stop() -> None:
        calls.append("stop")
        stopped.set()

    lease = await claimed(owner, a_run(), stop)
    await made.database.execute("update agui_thread set stop = (1 = 1)")
    with owner.log.keep(lease, ignore):
        await stopped.wait()
    assert calls == ["stop"]


async def test_waiting_for_idle_ends_when_another_process_is_done(made: Processes) -> None:
    owner, other = await made.start(), await made.start()
    lease = await claimed(owner, a_run())
    with pytest.raises(Busy):
        await claimed(other, a_run(run="r2"))
    waiting = asyncio.create_task(other.log.wait_idle("t1"))
    await owner.log.append(lease, [delta(0)])
    await finish(owner, lease)
    await waiting
    assert (await claimed(other, a_run(run="r2"))).fresh


async def test_a_thread_that_another_process_deletes_is_gone_for_readers(made: Processes) -> None:
    one, other = await made.start(), await made.start()
    lease = await whole_run(one, a_run())
    reading = asyncio.create_task(read(one, 9, Cursor(lease.start.epoch, 4)))
    await asyncio.sleep(0)
    await other.threads.delete("t1")
    with pytest.raises(ThreadNotFound):
        await reading


async def test_a_run_whose_process_is_silent_is_ended_by_the_next_start(made: Processes) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(silent, a_run())
    await silent.log.append(lease, [START, delta(0)])
    clock.now += 7
    assert (await claimed(other, a_run(run="r2"))).fresh
    kinds = [record.event["type"] for record in await read(other, 4)]
    assert kinds[2:] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    with pytest.raises(OwnerLost):
        await silent.log.append(lease, [delta(1)])
    assert [run.status for run in await other.threads.runs("t1")] == ["failed", "running"]


async def test_a_lost_run_keeps_what_it_wrote_and_answers_its_open_call(made: Processes) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(silent, a_run())
    call = {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "pay"}
    snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"step": 2}}
    await silent.log.append(lease, [START, delta(0), snapshot, call])
    clock.now += 7
    await other.log.end_lost_run("t1")
    saved = await other.states.load("t1", "default")
    assert saved is not None
    assert saved.state == {"step": 2}
    assert [message["role"] for message in saved.messages] == ["assistant", "assistant", "tool"]


async def test_somebody_notices_a_dead_process_without_being_asked(made: Processes) -> None:
    clock = Clock()
    silent, other = await made.start(clock=clock), await made.start(clock=clock)
    await silent.log.append(await claimed(silent, a_run()), [START])
    clock.now += 7
    records = await ended(other)
    assert records[-1].event["code"] == "OWNER_LOST"
    assert await other.log.active("t1") is None


async def test_a_busy_event_loop_loses_no_lease(made: Processes) -> None:
    owner = await made.start(SHORT)
    lease, lost = await claimed(owner, a_run()), asyncio.Event()
    with owner.log.keep(lease, lost.set):
        time.sleep(2)  # noqa: ASYNC251  # what an agent must not do, and some do
        await owner.log.append(lease, [delta(0)])
        assert not lost.is_set()


async def test_an_event_loop_that_is_dead_gives_its_leases_up(made: Processes) -> None:
    owner = await made.start(SqlLimits(lease=0.4, hung=0.5))
    lease, lost = await claimed(owner, a_run()), asyncio.Event()
    with owner.log.keep(lease, lost.set):
        await owner.log.append(lease, [START])
        time.sleep(2.5)  # noqa: ASYNC251  # as good as dead
        with pytest.raises(OwnerLost):
            await owner.log.append(lease, [delta(0)])
        await lost.wait()
    records = await ended(owner)
    assert records[-1].event["type"] == "RUN_ERROR"


async def test_finished_runs_are_stored_in_fewer_events(made: Processes) -> None:
    clock, limits = Clock(), SqlLimits(compact_after=0)
    store = await made.start(limits, clock)
    lease = await claimed(store, a_run())
    await store.log.append(lease, [START, *(delta(number) for number in range(50))])
    await finish(store, lease)
    before = await read(store, 52)
    clock.now += 1
    await store.janitor.compact_old_runs()
    later = await whole_run(store, a_run(run="r2"))
    fresh = await made.start(limits, clock)
    after = await read(fresh, 7)
    deltas = [record.event.get("delta") for record in after[:3]]
    assert deltas == [None, "".join(str(number) for number in range(50)), None]
    assert after[-1].seq == before[-1].seq + 4
    assert [r.seq for r in await read(fresh, 4, later.start)] == [53, 54, 55, 56]
    with pytest.raises(Gone):
        await read(fresh, 1, Cursor(lease.start.epoch, 10))


async def test_a_writer_whose_latest_records_were_forgotten_loses_its_lease(
    made: Processes,
) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    await store.log.append(lease, [START])
    await store.log.append(lease, [delta(1)])
    await made.database.execute("update agui_thread set seq = 1")
    with pytest.raises(OwnerLost):
        await store.log.append(lease, [delta(2)])
    with pytest.raises(Gone):
        await read(store, 1, Cursor(lease.start.epoch, 1))


async def test_a_late_owner_that_writes_while_another_ends_its_run_loses_no_history(
    made: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    late, other = await made.start(clock=clock), await made.start(clock=clock)
    lease = await claimed(late, a_run())
    await late.log.append(lease, [START])
    before = await other.log.end("t1")
    clock.now += 7
    load = other.states.load

    async def meanwhile(thread_id: str, agent: str) -> AgentState | None:
        await late.log.append(lease, [delta(0)])
        return await load(thread_id, agent)

    monkeypatch.setattr(other.states, "load", meanwhile)
    await other.log.end_lost_run("t1")
    monkeypatch.undo()
    assert [record.event for record in await read(other, 1, before)] == [delta(0)]
    await other.log.end_lost_run("t1")
    kinds = [record.event["type"] for record in await read(other, 3, before)]
    assert kinds == ["TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END", "RUN_ERROR"]
    with pytest.raises(OwnerLost):
        await late.log.append(lease, [delta(1)])


async def test_no_cursor_from_before_a_backup_is_taken_after_it_was_put_back(
    made: Processes,
) -> None:
    store = await made.start()
    lease = await whole_run(store, a_run())
    assert await store.restored() == 1
    with pytest.raises(Gone):
        await read(store, 1, lease.start)
    assert len(await read(store, 4)) == 4


@pytest.mark.parametrize("damage", [b"{broken", b"", b"5", b"[]", b"{}", b"zzz", b"\xff\xfe"])
async def test_a_write_that_cannot_be_read_hides_no_other(made: Processes, damage: bytes) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    await whole_run(store, a_run(run="r2"))
    await made.database.execute("update agui_chunk set events = ? where last = 3", damage)
    records = await read(await made.start(), 6)
    assert records[0].event == {"type": "CUSTOM", "name": UNREADABLE, "value": {"seq": 3}}
    assert [record.seq for record in records] == [3, 4, 5, 6, 7, 8]


async def test_an_event_that_is_none_hides_no_other(made: Processes) -> None:
    store = await made.start()
    await whole_run(store, a_run())
    events = b'[{"type":3},{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":"1"},5]'
    await made.database.execute("update agui_chunk set events = ? where last = 3", events)
    names = [record.event.get("name") for record in await read(store, 4)]
    assert names == [UNREADABLE, None, UNREADABLE, None]


async def test_nothing_is_forgotten_unless_a_limit_says_so(made: Processes) -> None:
    clock = Clock()
    store = await made.start(clock=clock)
    for number in range(120):
        await whole_run(store, a_run(run=f"r{number}"), deltas=1)
    clock.now += 10 * 365 * 24 * 3600
    await store.upkeep.forget_old_threads()
    assert len(await store.threads.runs("t1")) == 120
    assert (await read(store, 240))[0].seq == 1


async def test_a_thread_that_is_too_old_is_erased_with_all_that_it_holds(made: Processes) -> None:
    clock, limits = Clock(), SqlLimits(max_age=60)
    store = await made.start(limits, clock)
    lease = await claimed(store, a_run())
    await finish(store, lease, AgentState({"a": 1}))
    await claimed(store, a_run(thread="live"))
    clock.now += 61
    await store.upkeep.forget_old_threads()
    for table in ("thread where id = 't1'", "run where thread_id = 't1'", "chunk", "state"):
        assert await made.database.execute(f"select * from agui_{table}") == []
    assert await store.threads.get("live") is not None


async def test_a_claim_whose_caller_has_gone_holds_nobody_up(made: Processes) -> None:
    store = await made.start()
    claiming = asyncio.create_task(claimed(store, a_run()))
    await asyncio.sleep(0)
    claiming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await claiming
    async with asyncio.timeout(store.limits.lease / 2):
        while True:
            try:
                assert (await claimed(store, a_run(run="r2"))).fresh
            except Busy:
                await asyncio.sleep(0)
            else:
                break


async def test_a_claim_and_an_end_that_are_carried_out_twice_are_stored_once(
    made: Processes,
) -> None:
    store = await made.start()
    backend = store.backend
    thread = Thread("t1", "ann", "default", backend.place, float("-inf"))
    claim = Claim(a_run(), "nonce", 6.0, None)
    one = await backend.write(lambda: writes.claim(thread, claim))
    assert one == await backend.write(lambda: writes.claim(thread, claim))
    addition = Addition("t1", one.token, 0, "r1", 1, b"[5]", 1000, None)
    assert [await backend.append(addition) for _ in range(2)] == ["ok", "done"]
    ending = Ending(a_run(), one.token, 1, "end", 1, b"[6]", ["m1"], None)
    for _ in range(2):
        assert await backend.write(lambda: writes.release(ending, backend.place))
    assert await store.log.end("t1") == Cursor(one.start.epoch, 2)


async def test_a_large_state_takes_less_room_than_it_has(made: Processes) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    state = {"text": "la " * 20_000}
    end = RunEnd([], "finished", 2.0, frozenset(), AgentState(state))
    await store.log.release(lease, end)
    saved = await store.states.load("t1", "default")
    assert saved is not None
    assert saved.state == state
    [(size,)] = await made.database.execute("select length(payload) from agui_state")
    assert size < 20_000


async def test_a_run_that_says_too_much_still_ends_with_all_that_it_said_closed(
    database: Database,
) -> None:
    deltas = ["x" * 50] * 500
    store = database.store(SqlLimits(run_bytes=5_000))
    runtime = CopilotRuntime({"default": Scripted(*text("m1", *deltas))}, store=store)
    async with runtime.lifespan():
        events = await ran(runtime, asking())
    assert [event["type"] for event in events[-2:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
    assert events[-1]["code"] == "TOO_LARGE"


async def test_long_integers_and_halves_are_the_same_after_a_restart(database: Database) -> None:
    odd = {"wei": [2**64, -(2**70)], "cut": "\ud83d", "zero": "a\0b"}
    agent = Scripted({"type": "STATE_SNAPSHOT", "snapshot": odd})
    runtime = CopilotRuntime({"default": agent}, store=database.store())
    async with runtime.lifespan():
        live = await ran(runtime, asking())
    store = database.store()
    await store.open()
    records = await read(store, len(live))
    await store.close()
    assert [record.event for record in records] == live
    assert live[1]["snapshot"] == odd | {"cut": "\ufffd"}


async def test_a_late_reader_of_a_long_thread_reads_it_in_parts(made: Processes) -> None:
    store = await made.start()
    lease = await claimed(store, a_run())
    for number in range(1000):
        await store.log.append(lease, [delta(number), delta(number)])
    sizes = []
    async with aclosing(store.log.follow("t1", None)) as batches:
        async for batch in batches:
            sizes.append(len(batch.records))
            if batch.cursor.seq == 2000:
                break
    assert max(sizes) <= 512
    assert sum(sizes) == 2000


async def test_an_interrupted_agent_of_a_runtime_goes_on_after_a_restart(
    database: Database,
) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        count = len([each for each in request.messages if each.role == "user"])
        yield {"type": "STATE_SNAPSHOT", "snapshot": {"turns": count}}

    for turn in (1, 2):
        runtime = CopilotRuntime({"default": agent}, store=database.store())
        async with runtime.lifespan():
            await ran(runtime, asking(f"turn {turn}", run=f"r{turn}"))
            runs = await runtime.store.threads.runs("t1")
    assert [run.status for run in runs] == ["finished", "finished"]
