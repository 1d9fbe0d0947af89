"""What processes over one Redis promise each other; here each store stands for a process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import Busy, Gone, OwnerLost, StoreUnavailable, ThreadNotFound
from agui_runtime.core.events import Cursor, Event, Record
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import AgentState, Lease, RunEnd, Store
from agui_runtime.stores.redis import RedisLimits, RedisStore
from tests.runtime.worlds import Scripted, asking, ran, text
from tests.stores.servers import RedisServer
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run

START: Event = {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}


class Processes:
    """Opens stores over the same keys."""

    def __init__(self, stack: AsyncExitStack, url: str, clock: Clock | None) -> None:
        self._stack = stack
        self._url = url
        self._clock = clock
        self._prefix = uuid4().hex

    def key(self, part: str) -> str:
        return f"{self._prefix}:{{t1}}:{part}"

    async def start(self, limits: RedisLimits | None = None) -> RedisStore:
        store = RedisStore(self._url, limits, prefix=self._prefix, clock=self._clock)
        await store.open()
        self._stack.push_async_callback(store.close)
        return store


@asynccontextmanager
async def processes(server: RedisServer, clock: Clock | None = None) -> AsyncIterator[Processes]:
    async with AsyncExitStack() as stack:
        yield Processes(stack, server.url, clock)


def lapses_at(server: RedisServer, meta: str) -> float:
    """When the lease of the thread with that key is over, on the server's clock."""
    return float(server.command("HGET", meta, "until"))


async def renewed(server: RedisServer, meta: str, until: float) -> None:
    """Return when that lease is good until then."""
    async with asyncio.timeout(20):
        while lapses_at(server, meta) < until:  # noqa: ASYNC110  # the server sends no word of it
            await asyncio.sleep(0.02)


async def ended(store: Store) -> list[Record]:
    """The thread's records up to the first terminal event."""
    found: list[Record] = []
    async with aclosing(store.log.follow("t1", None)) as batches:
        async for batch in batches:
            found += batch.records
            if found[-1].event["type"] in {"RUN_ERROR", "RUN_FINISHED"}:
                return found
    raise AssertionError("follow ended by itself")


async def test_what_one_process_writes_another_reads_as_it_comes(redis: RedisServer) -> None:
    async with processes(redis) as made:
        writer, reader = await made.start(), await made.start()
        lease = await claimed(writer, a_run())
        reading = asyncio.create_task(read(reader, 4))
        for number in range(3):
            await writer.log.append(lease, [delta(number)])
        await finish(writer, lease)
        assert await reading == await read(writer, 4)


async def test_a_stop_reaches_the_process_that_runs(redis: RedisServer) -> None:
    async with processes(redis) as made:
        owner, other = await made.start(), await made.start()
        stopped = asyncio.Event()
        await claimed(owner, a_run(), stopped.set)
        assert await other.log.ask_stop("t1", "r1")
        await stopped.wait()


async def test_waiting_for_idle_ends_when_another_process_is_done(redis: RedisServer) -> None:
    async with processes(redis) as made:
        owner, other = await made.start(), await made.start()
        lease = await claimed(owner, a_run())
        with pytest.raises(Busy):
            await claimed(other, a_run(run="r2"))
        waiting = asyncio.create_task(other.log.wait_idle("t1"))
        await owner.log.append(lease, [delta(0)])
        await finish(owner, lease)
        await waiting
        assert (await claimed(other, a_run(run="r2"))).fresh


async def test_a_run_whose_process_is_silent_is_ended_by_the_next_start(redis: RedisServer) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        silent, other = await made.start(), await made.start()
        lease = await claimed(silent, a_run())
        await silent.log.append(lease, [START, delta(0)])
        clock.now += 7
        assert (await claimed(other, a_run(run="r2"))).fresh
        kinds = [record.event["type"] for record in await read(other, 4)]
        assert kinds[2:] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
        with pytest.raises(OwnerLost):
            await silent.log.append(lease, [delta(1)])
        lost = asyncio.Event()
        with silent.log.keep(lease, lost.set):
            await lost.wait()
        assert [run.status for run in await other.threads.runs("t1")] == ["failed", "running"]


async def test_a_lost_run_keeps_what_it_said_and_answers_its_open_call(redis: RedisServer) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        silent, other = await made.start(), await made.start()
        lease = await claimed(silent, a_run())
        call = {"type": "TOOL_CALL_START", "toolCallId": "c1", "toolCallName": "pay"}
        snapshot = {"type": "STATE_SNAPSHOT", "snapshot": {"step": 2}}
        await silent.log.append(lease, [START, delta(0), snapshot, call])
        clock.now += 7
        await other.log.end_lost_run("t1")
        saved = await other.states.load("t1", "default")
        assert saved is not None
        assert saved.state == {"step": 2}
        roles = [message["role"] for message in saved.messages]
        assert roles == ["assistant", "assistant", "tool"]


async def test_a_renewed_lease_stays(redis: RedisServer) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        owner, other = await made.start(), await made.start()
        lease = await claimed(owner, a_run())
        with owner.log.keep(lease, ignore):
            for _ in range(4):
                clock.now += 4
                await renewed(redis, made.key("meta"), clock.now + 6)
                await other.log.end_lost_run("t1")
            await owner.log.append(lease, [delta(0)])


async def test_somebody_notices_a_dead_process_without_being_asked(redis: RedisServer) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        silent, other = await made.start(), await made.start()
        await silent.log.append(await claimed(silent, a_run()), [START])
        clock.now += 7
        records = await ended(other)
        assert records[-1].event["code"] == "OWNER_LOST"
        assert await other.log.active("t1") is None


async def test_finished_runs_are_kept_in_fewer_events(redis: RedisServer) -> None:
    clock = Clock()
    limits = RedisLimits(compact_after=0)
    async with processes(redis, clock) as made:
        store = await made.start(limits)
        lease = await claimed(store, a_run())
        await store.log.append(lease, [START, *(delta(number) for number in range(50))])
        await finish(store, lease)
        before = await read(store, 52)
        clock.now += 1
        await store.janitor.compact_old_runs()
        later = await whole_run(store, a_run(run="r2"))
        fresh = await made.start(limits)
        after = await read(fresh, 7)
        deltas = [record.event.get("delta") for record in after[:3]]
        assert deltas == [None, "".join(str(number) for number in range(50)), None]
        assert after[-1].seq == before[-1].seq + 4
        assert [r.seq for r in await read(fresh, 4, later.start)] == [53, 54, 55, 56]
        with pytest.raises(Gone):
            await read(fresh, 1, Cursor(lease.start.epoch, 10))


async def test_a_server_that_forgot_everything_tells_so(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease = await whole_run(store, a_run())
        server.kill()
        server.start()
        with pytest.raises(ThreadNotFound):
            await read(store, 1, lease.start)
        await whole_run(store, a_run(run="r2"))
        with pytest.raises(Gone):
            await read(store, 1, lease.start)
    server.kill()


async def test_a_writer_whose_latest_records_were_forgotten_loses_its_lease(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path)
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease = await claimed(store, a_run())
        await store.log.append(lease, [START])
        (meta,) = server.keys("*meta")
        saved = server.command("DUMP", meta)
        await store.log.append(lease, [delta(1)])
        server.restore(meta, saved)
        with pytest.raises(OwnerLost):
            await store.log.append(lease, [delta(2)])
        with pytest.raises(Gone):
            await read(store, 1, Cursor(lease.start.epoch, 1))
    server.kill()


async def test_a_late_owner_that_writes_while_another_ends_its_run_loses_no_history(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        late, other = await made.start(), await made.start()
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


async def test_a_restart_with_its_file_goes_on_where_it_was(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease = await claimed(store, a_run())
        reading = asyncio.create_task(read(store, 4))
        await store.log.append(lease, [delta(0)])
        server.kill()
        appending = asyncio.create_task(store.log.append(lease, [delta(1), delta(2)]))
        server.start()
        await appending
        await finish(store, lease)
        assert [record.seq for record in await reading] == [1, 2, 3, 4]
    server.kill()


async def test_a_server_that_stays_away_is_told(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    server.start()
    async with processes(server) as made:
        store = await made.start(RedisLimits(patience=0.5))
        await store.check()
        server.kill()
        with pytest.raises(StoreUnavailable):
            await claimed(store, a_run())
        with pytest.raises(StoreUnavailable):
            await store.check()
        server.start()
        assert (await claimed(store, a_run())).fresh
    server.kill()


async def test_a_full_server_refuses_starts_but_takes_ends(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--maxmemory-policy", "noeviction")
    server.start()
    async with processes(server) as made:
        store = await made.start()
        lease: Lease = await claimed(store, a_run())
        server.command("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(StoreUnavailable, match="full"):
            await claimed(store, a_run(thread="t2"))
        meta = server.keys("*meta")[0]
        before = lapses_at(server, meta)
        with store.log.keep(lease, ignore):
            await renewed(server, meta, before + 0.001)
            await finish(store, lease)
        assert await store.log.active("t1") is None
        server.command("CONFIG", "SET", "maxmemory", "0")
        assert (await claimed(store, a_run(run="r2"))).fresh
    server.kill()


async def test_a_run_whose_server_becomes_full_says_so_and_keeps_what_was_said(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path, "--maxmemory-policy", "noeviction")
    server.start()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        server.command("CONFIG", "SET", "maxmemory", "1")
        yield {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello"}
        await asyncio.Event().wait()

    runtime = CopilotRuntime({"default": agent}, store=server.url)
    async with runtime.lifespan():
        events = await ran(runtime, asking())
    server.kill()
    assert [event["type"] for event in events][1:] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "RUN_ERROR",
    ]
    assert (events[-1]["code"], "full" in events[-1]["message"]) == ("STORE_UNAVAILABLE", True)


async def test_a_large_state_takes_less_room_than_it_has(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        lease = await claimed(store, a_run())
        state = {"text": "la " * 20_000}
        end = RunEnd([], "finished", 2.0, frozenset(), AgentState(state))
        await store.log.release(lease, end)
        saved = await store.states.load("t1", "default")
        assert saved is not None
        assert saved.state == state
        assert redis.command("MEMORY", "USAGE", made.key("states")) < 20_000


async def test_a_stop_that_nobody_heard_is_found_with_the_next_renewal(redis: RedisServer) -> None:
    async with processes(redis) as made:
        owner, other = await made.start(), await made.start()
        stops, stopped = list[str](), asyncio.Event()

        def stop() -> None:
            stops.append("stop")
            stopped.set()

        lease = await claimed(owner, a_run(), stop)
        await owner.subscriber.close()
        assert await other.log.ask_stop("t1")
        with owner.log.keep(lease, ignore):
            await stopped.wait()
        assert stops == ["stop"]


async def test_two_stores_under_one_server_do_not_see_each_other(redis: RedisServer) -> None:
    async with processes(redis) as one, processes(redis) as two:
        store, other = await one.start(), await two.start()
        await whole_run(store, a_run())
        assert await other.threads.get("t1") is None
        await other.log.claim(a_run(owner="bob"), ignore)


async def test_a_run_that_says_too_much_still_ends_with_all_that_it_said_closed(
    redis: RedisServer,
) -> None:
    async with processes(redis) as made:
        store = await made.start(RedisLimits(log_bytes=5_000))
        deltas = ["x" * 50] * 500
        runtime = CopilotRuntime({"default": Scripted(*text("m1", *deltas))}, store=store)
        events = await ran(runtime, asking())
        assert [event["type"] for event in events[-2:]] == ["TEXT_MESSAGE_END", "RUN_ERROR"]
        assert events[-1]["code"] == "TOO_LARGE"
        assert (await ran(runtime, asking("again", run="r2")))[-1]["type"] == "RUN_ERROR"


async def test_a_cursor_of_another_thread_is_gone(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await whole_run(store, a_run())
        other = await whole_run(store, a_run(thread="t2"))
        with pytest.raises(Gone):
            await read(store, 1, Cursor(other.start.epoch, 1))
