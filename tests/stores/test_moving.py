"""Threads that are taken out of one store and put into another: all of them comes along."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from agui_runtime.core.errors import Gone
from agui_runtime.core.events import Event, RunInfo
from agui_runtime.core.figures import Cost, MessageFigures, RunFigures, Tokens
from agui_runtime.stores.base import AgentState, RunEnd, Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.moving.threads import Moved, exported, import_lines
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.stores.sql.postgres import PostgresStore
from tests.stores.test_contract import claimed, delta

FIGURES = RunFigures(
    model="m", tokens=Tokens(input=3), cost=Cost("0.1", "p"), messages=(MessageFigures("m1", 2.5),)
)
KINDS = ("memory", "redis", "sqlite", "postgres")


@pytest.fixture
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], Store]:
    """Makes empty stores of a kind, two at most of each."""
    names, server = iter(("agui", "second")), request.getfixturevalue
    kinds: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "redis": lambda: RedisStore(server("redis").url, prefix=uuid4().hex),
        "sqlite": lambda: SqliteStore(f"sqlite:///{tmp_path}/{uuid4().hex}.db"),
        "postgres": lambda: PostgresStore(server("postgres").database(next(names))),
    }
    return lambda kind: kinds[kind]()


@asynccontextmanager
async def opened(*stores: Store) -> AsyncIterator[None]:
    for store in stores:
        await store.open()
    yield
    for store in stores:
        await store.close()


async def fill(store: Store, thread: str = "t1", deltas: int = 600) -> None:
    for number in (1, 2):
        run = RunInfo(thread, f"r{number}", "default", "ann", 100.0 + number, f"f{number}")
        lease = await claimed(store, run)
        start: Event = {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
        await store.log.append(lease, [start, *(delta(each) for each in range(deltas))])
        finished: Event = {"type": "RUN_FINISHED", "threadId": thread, "runId": run.run_id}
        state = AgentState({"step": number}, [{"id": "m1", "role": "assistant", "content": "x"}])
        now = time.time()  # what ended long ago is compacted
        end = RunEnd([finished], "finished", now, frozenset({"m1"}), state, FIGURES)
        await store.log.release(lease, end)
    await store.states.save(thread, "default#note", AgentState({"kept": [1]}))
    await store.threads.update(thread, name="A talk", archived=True)


async def taken(store: Store, **chosen: str) -> list[bytes]:
    async with aclosing(exported(store, Moved(), **chosen)) as lines:
        return [line async for line in lines]


async def events(store: Store, thread: str = "t1") -> list[tuple[int, str, Event]]:
    end = await store.log.end(thread)
    found: list[tuple[int, str, Event]] = []
    async with aclosing(store.log.follow(thread, None)) as batches:
        async for batch in batches:
            found += [(each.seq, each.run_id, each.event) for each in batch.records]
            if batch.cursor.seq >= end.seq:
                return found
    raise AssertionError("follow ended by itself")


@pytest.mark.parametrize("target", KINDS)
@pytest.mark.parametrize("source", KINDS)
async def test_a_thread_comes_along_with_all_that_it_has(
    stores: Callable[[str], Store], source: str, target: str
) -> None:
    old, new = stores(source), stores(target)
    async with opened(old, new):
        await fill(old)
        moved = await import_lines(new, await taken(old))
        assert (moved.threads, moved.runs, moved.states) == (1, 2, 2)
        assert moved.problems == {}
        assert await events(new) == await events(old)
        runs = [await each.threads.runs("t1") for each in (old, new)]
        assert list(map(plain, runs[0])) == list(map(plain, runs[1]))
        info = await new.threads.get("t1")
        assert info is not None
        assert (info.owner, info.agent, info.name, info.archived) == (
            "ann",
            "default",
            "A talk",
            True,
        )
        state = await new.states.load("t1", "default")
        assert state is not None
        assert (state.state, next(iter(state.messages))["content"]) == ({"step": 2}, "x")
        note = await new.states.load("t1", "default#note")
        assert note is not None
        assert note.state == {"kept": [1]}
        lease = await claimed(new, RunInfo("t1", "r3", "default", "ann", 300.0))
        assert "m1" in lease.known


def plain(run: RunInfo) -> tuple[object, ...]:
    return (run.run_id, run.status, run.started_at, run.ended_at, run.fingerprint)


@pytest.mark.parametrize("kind", KINDS)
async def test_cursors_of_the_old_store_read_nothing_in_the_new_one(
    stores: Callable[[str], Store], kind: str
) -> None:
    old, new = stores(kind), stores(kind)
    async with opened(old, new):
        await fill(old)
        await import_lines(new, await taken(old))
        cursor = await old.log.end("t1")
        with pytest.raises(Gone):
            async with aclosing(new.log.follow("t1", cursor)) as batches:
                await anext(batches)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_thread_that_is_there_stays_as_it_is(
    stores: Callable[[str], Store], kind: str
) -> None:
    old, new = stores("memory"), stores(kind)
    async with opened(old, new):
        await fill(old)
        await fill(old, "t2")
        lines = await taken(old)
        await fill(new, deltas=1)
        moved = await import_lines(new, lines)
        assert (moved.threads, moved.runs) == (1, 2)
        assert "there already" in moved.problems["line 1"]
        assert len(await events(new)) == 6
        assert len(await events(new, "t2")) == len(await events(old, "t2"))
        again = await import_lines(new, lines)
        assert (again.threads, len(again.problems)) == (0, 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_thread_that_cannot_be_put_in_whole_is_taken_away_again(
    stores: Callable[[str], Store], kind: str
) -> None:
    old, new = stores("memory"), stores(kind)
    async with opened(old, new):
        await fill(old)
        await fill(old, "t2")
        lines = await taken(old)
        lines[2] = lines[2].replace(b'"TEXT_MESSAGE_START"', b"7")
        moved = await import_lines(new, lines)
        assert list(moved.problems) == ["line 3"]
        assert await new.threads.get("t1") is None
        assert len(await events(new, "t2")) == len(await events(old, "t2"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"{", "not JSON"),
        (b"[]", "the line"),
        (b'{"kind": "song"}', "song"),
        (b'{"kind": "state", "thread_id": "t1", "agent": "a"}', "has to come before"),
        (b'{"kind": "thread", "thread": {"thread_id": "a\\nb", "owner": "o"}}', "agent"),
    ],
)
async def test_a_line_that_cannot_be_meant_is_named_and_the_others_are_put_in(
    text: bytes, says: str
) -> None:
    old, new = MemoryStore(), MemoryStore()
    await fill(old)
    moved = await import_lines(new, [text, b"\n", *await taken(old)])
    assert says in moved.problems["line 1"]
    assert (moved.threads, moved.runs) == (1, 2)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_live_run_is_left_out_and_named(stores: Callable[[str], Store], kind: str) -> None:
    old, new = stores(kind), MemoryStore()
    async with opened(old):
        await fill(old)
        lease = await claimed(old, RunInfo("t1", "live", "default", "ann", 300.0))
        await old.log.append(lease, [delta(0)])
        moved = Moved()
        async with aclosing(exported(old, moved)) as lines:
            found = [line async for line in lines]
        assert "live" in moved.problems["t1"]
        assert (await import_lines(new, found)).runs == 2


@pytest.mark.parametrize("kind", KINDS)
async def test_threads_of_one_owner_or_one_thread_alone(
    stores: Callable[[str], Store], kind: str
) -> None:
    store = stores(kind)
    async with opened(store):
        for thread, owner in (("t1", "ann"), ("t2", "bob"), ("t%3", "ann")):
            await store.threads.obtain(thread, owner, "default")
        everything, anns, one = (
            [orjson.loads(line)["thread"]["thread_id"] for line in lines]
            for lines in (
                await taken(store),
                await taken(store, owner="ann"),
                await taken(store, thread_id="t2"),
            )
        )
    assert (everything, anns, one) == (["t1", "t2", "t%3"], ["t1", "t%3"], ["t2"])
