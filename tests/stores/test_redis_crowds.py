"""Many runs and readers over one Redis: nobody is refused, and each has what is his."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from redis.exceptions import DataError

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.events import Record
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.redis.server import Server
from tests.stores.servers import RedisServer, opened
from tests.stores.test_contract import a_run, claimed, delta, finish
from tests.stores.test_redis import processes

CROWD = 400


async def thread_of(store: RedisStore, thread: str, count: int) -> list[Record]:
    """The thread's first records, as one reader follows it."""
    found: list[Record] = []
    async with aclosing(store.log.follow(thread, None)) as batches:
        async for batch in batches:
            found += batch.records
            if len(found) >= count:
                return found
    raise AssertionError("follow ended by itself")


async def test_a_crowd_of_runs_and_their_readers_is_served_over_a_few_connections(
    redis: RedisServer,
) -> None:
    async def whole(store: RedisStore, number: int) -> list[Record]:
        lease = await claimed(store, a_run(thread=f"t{number}"))
        reading = asyncio.create_task(thread_of(store, f"t{number}", 5))
        for word in range(4):
            await store.log.append(lease, [delta(word, f"{number}:")])
        await finish(store, lease)
        return await reading

    before = len(redis.command("CLIENT", "LIST").splitlines())
    async with processes(redis) as made:
        store = await made.start()
        found = await asyncio.gather(*(whole(store, number) for number in range(CROWD)))
        assert len(redis.command("CLIENT", "LIST").splitlines()) - before < 10
    for number, records in enumerate(found):
        assert [record.seq for record in records] == [1, 2, 3, 4, 5]
        assert [record.event.get("delta") for record in records[:4]] == [
            f"{number}:{word}" for word in range(4)
        ]


async def test_a_command_that_cannot_be_sent_fails_alone(redis: RedisServer) -> None:
    server = Server(redis.url, patience=10)
    await server.open()
    unsendable: object = {"no": "word"}
    commands = [
        server.ask("write", "k", "ECHO", "before"),
        server.ask("write", "k", "ECHO", unsendable),  # type: ignore[arg-type]  # on purpose
        server.ask("write", "k", "ECHO", "half \ud83d"),
        server.ask("write", "k", "ECHO", "after"),
    ]
    found = await asyncio.gather(*commands, return_exceptions=True)
    await server.close()
    assert (found[0], found[3]) == (b"before", b"after")
    assert isinstance(found[1], DataError)
    assert isinstance(found[2], UnicodeEncodeError)


async def test_an_error_of_the_server_is_told_to_whose_command_it_is(redis: RedisServer) -> None:
    server = Server(redis.url, patience=10)
    await server.open()
    wrong = asyncio.create_task(server.command("write", "k", "NOSUCH"))
    right = asyncio.create_task(server.command("write", "k", "ECHO", "hello"))
    with pytest.raises(StoreUnavailable):
        await wrong
    assert await right == b"hello"
    await server.close()


async def test_commands_that_wait_when_the_connection_breaks_are_carried_out_by_the_next(
    redis: RedisServer,
) -> None:
    server = Server(redis.url, patience=10)
    await server.open()
    commands = [
        asyncio.create_task(server.command("write", "k", "ECHO", str(number)))
        for number in range(CROWD)
    ]
    await asyncio.sleep(0)
    redis.command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    assert await asyncio.gather(*commands) == [b"%d" % number for number in range(CROWD)]
    await server.close()


async def test_a_closed_store_keeps_nobody_waiting(redis: RedisServer) -> None:
    async with opened(RedisStore(redis.url)) as store:
        lease = await claimed(store, a_run(thread="closing"))
    with pytest.raises(StoreUnavailable):
        await store.log.append(lease, [delta(0)])
