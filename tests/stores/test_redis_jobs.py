"""Runs that wait for a worker in Redis: what is kept where, and what an accident leaves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agui_runtime.core.errors import Busy, Gone, OwnerLost, StoreFull
from agui_runtime.core.events import Cursor
from agui_runtime.stores.base import Lease
from agui_runtime.stores.jobs import OFFERED, Offer
from agui_runtime.stores.redis import RedisLimits, RedisStore, jobs as redis_jobs
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.queues import RunId
from agui_runtime.stores.redis.server import Lane, Server
from tests.stores.ends import ended
from tests.stores.servers import RedisServer
from tests.stores.test_contract import Clock, a_run, claimed, delta, finish, ignore, read, whole_run
from tests.stores.test_jobs import LONG, QUEUES, adopt, post, run_of, threads_of
from tests.stores.test_redis import processes
from tests.stores.test_redis_ways_in import adopted_later, running


async def test_the_job_is_gone_with_its_adoption(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await post(store.jobs, run_of("t1"))
        assert redis.keys(made.key("job")) == [made.key("job")]
        assert await adopt(store.jobs, run_of("t1"))
        assert redis.keys(made.key("job")) == []


async def test_the_job_and_its_place_are_gone_with_a_run_that_nobody_took(
    redis: RedisServer,
) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await post(store.jobs, run_of("t1"), seconds=0.05)
        assert [each.event["code"] for each in await ended(store)] == ["QUEUE_TIMEOUT"]
        async with asyncio.timeout(60):
            while await store.jobs.figures():  # noqa: ASYNC110  # the server sends no word of it
                await asyncio.sleep(0.02)
        assert redis.keys(made.key("job")) == []


async def test_a_job_expires_by_itself_some_time_after_its_run(redis: RedisServer) -> None:
    async with processes(redis) as made:
        await post((await made.start()).jobs, run_of("t1"), seconds=100)
        assert 100 < redis.command("TTL", made.key("job")) <= 160


async def test_a_worker_that_dies_is_missed_after_its_lease_however_long_the_run_might_wait(
    redis: RedisServer,
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        worker, other = await made.start(), await made.start()
        await post(other.jobs, run_of("t1"))
        lease = await adopt(worker.jobs, run_of("t1"))
        assert lease is not None
        await worker.log.append(lease, [delta(0)])
        await worker.close()
        clock.now += 7
        records = await ended(other)
    assert records[-1].event["code"] == "OWNER_LOST"


async def test_a_run_that_waits_is_looked_after_once_however_many_find_its_thread_busy(
    redis: RedisServer,
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        store = await made.start()
        await post(store.jobs, run_of("t1"))
        with pytest.raises(Busy):
            await claimed(store, a_run(run="r2"))
        clock.now += 7
        assert await store.upkeep.lapsed() == []
        clock.now += LONG
        assert await store.upkeep.lapsed() == ["t1"]


async def test_an_adoption_that_never_came_to_be_leaves_the_run_to_others(
    redis: RedisServer,
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        store = await made.start()
        await post(store.jobs, run_of("t1"))
        await store.jobs._index.leased("t1", 6.0)  # and there the worker died
        clock.now += 7
        await store.janitor.end_lost_runs()
        assert await store.upkeep.lapsed() == []
        clock.now += LONG
        assert await store.upkeep.lapsed() == ["t1"]


async def test_what_was_to_be_posted_by_a_process_that_died_is_taken_out_by_a_worker(
    redis: RedisServer,
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        store = await made.start()
        await post(store.jobs, run_of("t2"))
        redis.command("DEL", made.key("meta").replace("t1", "t2"))  # as if its post had not come
        assert await threads_of(store.jobs) == ["t2"]
        assert await adopt(store.jobs, run_of("t2")) is None
        assert (await store.jobs.figures())["default"].waiting == 0


async def test_a_run_that_is_posted_while_a_worker_takes_it_for_a_stale_one_is_not_lost(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        web, worker = await made.start(), await made.start()
        step, remove = web.jobs._script.job_step, worker.jobs._queues.remove
        early, posted = list[asyncio.Task[Lease | None]](), asyncio.Event()

        async def late(name: str, thread_id: str, *given: str | bytes | float) -> list[Answer]:
            assert await threads_of(worker.jobs) == [], "nobody is offered what is not posted"
            clock.now += OFFERED + 1
            assert await threads_of(worker.jobs) == ["t1"]
            early.append(asyncio.create_task(adopt(worker.jobs, run_of("t1"))))
            await removing.wait()
            return await step(name, thread_id, *given)

        async def removed(queue: str, run: RunId, version: str = "") -> None:
            removing.set()
            await posted.wait()
            await remove(queue, run, version)

        removing = asyncio.Event()
        monkeypatch.setattr(web.jobs._script, "job_step", late)
        monkeypatch.setattr(worker.jobs._queues, "remove", removed)
        await post(web.jobs, run_of("t1"))
        posted.set()
        assert await early[0] is None
        clock.now += OFFERED + 1
        assert await threads_of(worker.jobs) == ["t1"]
        assert await adopt(worker.jobs, run_of("t1"))


async def test_queues_that_the_server_lost_are_made_anew_from_the_threads(
    redis: RedisServer,
) -> None:
    async with processes(redis) as made:
        store = await made.start()
        for thread in ("t1", "t2", "t3"):
            await post(store.jobs, run_of(thread))
        await post(store.jobs, run_of("t4"), "gpu")
        assert await threads_of(store.jobs, 0) == []
        redis.command("DEL", *redis.keys(made.key("*").replace("{t1}:", "queue:")))
        assert await store.jobs.position("t2", "r1") == 0
        assert sorted(await threads_of(store.jobs, queues=["default", "gpu"])) == [
            *("t1", "t2", "t3", "t4")
        ]
        for thread in ("t1", "t2", "t3", "t4"):
            assert await adopt(store.jobs, run_of(thread))


@pytest.mark.parametrize("part", ["entries", "ranks", "open", "posted", "owned", "hidden"])
async def test_of_a_queue_that_is_damaged_as_much_is_taken_as_there_is(
    redis: RedisServer, part: str
) -> None:
    async with processes(redis) as made:
        store = await made.start()
        assert await threads_of(store.jobs) == []
        await post(store.jobs, run_of("t1"))
        redis.command("DEL", *redis.keys(made.key("*").replace("{t1}:*", f"queue:*:{part}")), "no")
        await post(store.jobs, run_of("t2"))
        found = {*await threads_of(store.jobs), *await threads_of(store.jobs)}
        assert "t2" in found
        assert await adopt(store.jobs, run_of("t1"))


async def test_who_puts_back_what_the_server_lost_puts_it_there(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await post(store.jobs, run_of("t1"))
        [offer] = await store.jobs.take("w1", QUEUES, 1)
        redis.command("DEL", *redis.keys(made.key("*").replace("{t1}:", "queue:")))
        await store.jobs.put_back(offer, 0.0)
        assert await threads_of(store.jobs) == ["t1"]


async def test_each_step_that_is_carried_out_twice_is_the_same_as_once(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = Server.command

    async def twice(
        self: Server,
        lane: Lane,
        key: str | bytes,
        *words: str | bytes | float,
        first: asyncio.Future[Answer] | None = None,
    ) -> Answer:
        await command(self, lane, key, *words, first=first)
        return await command(self, lane, key, *words)

    async with processes(redis) as made:
        store = await made.start()
        monkeypatch.setattr(Server, "command", twice)
        for number in range(3):
            posted = await post(store.jobs, replace(run_of(f"a{number}"), fingerprint=""))
            assert posted.fresh
        await post(store.jobs, run_of("b0", owner="bob"))
        assert await threads_of(store.jobs) == ["a0", "b0", "a1", "a2"]
        await store.jobs.put_back(Offer("a2", "r1", "default"), 0.0)
        assert await threads_of(store.jobs) == ["a2"]
        for thread in ("a0", "b0", "a1", "a2"):
            adopted = await store.jobs.adopt(thread, "r1", ignore)
            assert adopted is not None
            assert adopted.body == f"job of {thread}".encode()
            await store.log.append(adopted.lease, [delta(0)])
            await finish(store, adopted.lease)
        assert (await store.jobs.figures())["default"].waiting == 0
        assert (await store.threads.runs("a0"))[0].status == "finished"


async def test_a_post_that_is_repeated_after_its_run_has_ended_starts_nothing(
    redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with processes(redis) as made:
        web, worker = await made.start(), await made.start()
        step = web.jobs._script.job_step

        async def answer_lost(
            name: str, thread_id: str, *given: str | bytes | float
        ) -> list[Answer]:
            await step(name, thread_id, *given)
            lease = await adopt(worker.jobs, run_of("t1"))
            assert lease is not None
            await worker.log.append(lease, [delta(0)])
            await finish(worker, lease)
            return await step(name, thread_id, *given)

        monkeypatch.setattr(web.jobs._script, "job_step", answer_lost)
        posted = await post(web.jobs, replace(run_of("t1"), fingerprint=""))
        monkeypatch.undo()
        assert [record.seq for record in await read(web, 2, posted.start)] == [1, 2]
        assert await web.log.active("t1") is None
        await threads_of(worker.jobs)
        assert await adopt(worker.jobs, run_of("t1")) is None
        assert (await web.jobs.figures())["default"].waiting == 0


async def test_a_full_server_takes_no_job_and_gives_out_those_that_it_has(tmp_path: Path) -> None:
    server = RedisServer(tmp_path, "--maxmemory-policy", "noeviction")
    with running(server):
        async with processes(server) as made:
            store = await made.start()
            await post(store.jobs, run_of("t1"))
            await post(store.jobs, run_of("t2"))
            server.command("CONFIG", "SET", "maxmemory", "1")
            with pytest.raises(StoreFull):
                await post(store.jobs, run_of("t3"))
            assert await threads_of(store.jobs) == ["t1", "t2"]
            await store.jobs.put_back(Offer("t2", "r1", "default"), 0.0)
            assert await store.log.ask_stop("t1")
            stopped = asyncio.Event()
            lease = await adopt(store.jobs, run_of("t1"), stopped.set)
            assert lease is not None
            assert stopped.is_set()
            await finish(store, lease)
            assert (await store.jobs.figures())["default"].waiting == 1
            server.command("CONFIG", "SET", "maxmemory", "0")
            assert await threads_of(store.jobs) == ["t2"]
            assert (await post(store.jobs, run_of("t3"))).fresh


async def test_runs_that_wait_outlive_a_restart_and_their_readers_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_jobs, "RECOVERY", 0.2)
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    with running(server):
        async with processes(server) as made:
            store, reader = await made.start(), await made.start()
            await whole_run(store, a_run())
            posted = await post(store.jobs, run_of("t1", "r2"))
            reading = asyncio.create_task(read(reader, 2, posted.start))
            server.kill()
            server.start()
            lease = await adopted_later(store, "r2")
            await store.log.append(lease, [delta(0)])
            await finish(store, lease)
            assert [record.seq for record in await reading] == [5, 6]
            late = await made.start()
            assert [record.seq for record in await read(late, 2, posted.start)] == [5, 6]
            assert [record.seq for record in await read(late, 6)] == [1, 2, 3, 4, 5, 6]
            with pytest.raises(Gone):
                await read(late, 1, Cursor(posted.start.epoch, 5))


@pytest.mark.parametrize("found_by", ["renewal", "append", "end"])
async def test_a_run_whose_adoption_the_server_forgot_is_not_started_again(
    redis: RedisServer, found_by: str, request: pytest.FixtureRequest
) -> None:
    limits = RedisLimits(lease=300)
    if found_by == "renewal":
        request.getfixturevalue("busy_renewals")
    async with processes(redis) as made:
        worker, other = await made.start(limits), await made.start(limits)
        await post(worker.jobs, run_of("t1"))
        kept = {part: redis.command("DUMP", made.key(part)) for part in ("runs", "job", "meta")}
        lost = asyncio.Event()
        lease = await adopt(worker.jobs, run_of("t1"))
        assert lease is not None
        with worker.log.keep(lease, lost.set):
            await worker.log.append(lease, [delta(0)])
            for part, value in kept.items():
                redis.restore(made.key(part), value)
            redis.command("HSET", made.key("meta"), "boot", "another")
            redis.command("DEL", made.key("log"))
            assert await adopt(other.jobs, run_of("t1")) is None, "it is in doubt"
            if found_by == "renewal":
                await lost.wait()
            else:
                with pytest.raises(OwnerLost):
                    await (finish(worker, lease) if found_by == "end" else more(worker, lease))
        assert await other.log.end_lost_run("t1")
        assert await adopt(other.jobs, run_of("t1")) is None
        assert (await ended(other))[-1].event["code"] == "OWNER_LOST"


async def more(store: RedisStore, lease: Lease) -> None:
    await store.log.append(lease, [delta(1)])
