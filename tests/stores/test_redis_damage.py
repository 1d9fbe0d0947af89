"""What cannot be read in Redis, or fails there as nobody expected, hides and stops nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.compact import compact
from agui_runtime.core.events import Event
from agui_runtime.core.fold import fold
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.pipe import Word
from tests.runtime.worlds import Scripted, asking, ran, text
from tests.stores.ends import ended
from tests.stores.servers import RedisServer
from tests.stores.test_contract import Clock, a_run, claimed, read, whole_run
from tests.stores.test_redis import processes

UNREADABLE = "agui_runtime.unreadable"

DAMAGED = [
    b"{broken",
    b"",
    b"5",
    b"[]",
    b"{}",
    b'{"type":3}',
    b'{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1"}',
    b'{"type":"TEXT_MESSAGE_CONTENT","messageId":7,"delta":"x"}',
    b'{"type":"TEXT_MESSAGE_CONTENT","messageId":"m1","delta":null}',
    b'{"type":"TOOL_CALL_RESULT","toolCallId":"c1"}',
    b'{"type":"STATE_DELTA","delta":"x"}',
    b'{"type":"MESSAGES_SNAPSHOT","messages":[{"content":"x"}]}',
    b'{"type":"RUN_STARTED","threadId":"t1","runId":"r9","input":{"messages":[1]}}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("damage", DAMAGED)
async def test_a_record_that_cannot_be_read_is_told_and_the_rest_is_there(
    redis: RedisServer, damage: bytes
) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await whole_run(store, a_run())
        redis.command("XADD", made.key("log"), "5-0", "r", "r1", "e", damage)  # type: ignore[arg-type]
        redis.command("HINCRBY", made.key("meta"), "seq", "1")
        await whole_run(store, a_run(run="r2"))
        records = await read(await made.start(), 9)
    assert [record.seq for record in records] == list(range(1, 10))
    events = [record.event for record in records]
    assert events[4] == {"type": "CUSTOM", "name": UNREADABLE, "value": {"seq": 5}}
    fold(compact(events))


async def test_an_entry_with_other_fields_is_told_and_the_rest_is_there(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        await whole_run(store, a_run())
        redis.command("XADD", made.key("log"), "5-0", "hello", "there")
        redis.command("HINCRBY", made.key("meta"), "seq", "1")
        records = await read(await made.start(), 5)
    assert records[-1].event["name"] == UNREADABLE


async def archived(store: RedisStore, clock: Clock, limits: RedisLimits) -> None:
    clock.now += limits.compact_after + 1
    await store.janitor.compact_old_runs()


@pytest.mark.parametrize("damage", ["{broken", "{}", '{"run":"r1","last":4,"events":[5]}', "zzz"])
async def test_an_archived_run_that_cannot_be_read_hides_no_other(
    redis: RedisServer, damage: str
) -> None:
    clock = Clock()
    async with processes(redis, clock) as made:
        limits = RedisLimits(compact_after=0.0)
        store = await made.start(limits)
        for run in ("r1", "r2"):
            await whole_run(store, a_run(run=run))
        while redis.command("HLEN", made.key("archive")) < 2:
            await archived(store, clock, limits)
        redis.command("HSET", made.key("archive"), "1", damage)
        reader = await made.start(limits)
        records = await read(reader, 2)
        while records[-1].event["type"] != "RUN_FINISHED":
            records = await read(reader, len(records) + 1)
    [lost] = [each for each in records if each.event.get("name") == UNREADABLE]
    assert (lost.seq, records[-1].run_id) == (4, "r2")


async def test_a_run_that_cannot_be_read_leaves_the_others_and_the_thread_usable(
    redis: RedisServer,
) -> None:
    async with processes(redis) as made:
        store = await made.start()
        for run in ("r1", "r2"):
            await whole_run(store, a_run(run=run))
        redis.command("LSET", made.key("runs"), "1", "5 10 {broken")
        assert [run.run_id for run in await store.threads.runs("t1")] == ["r1"]
        await whole_run(store, a_run(run="r3", fingerprint="f"))
        assert [run.run_id for run in await store.threads.runs("t1")] == ["r1", "r3"]
        assert len(await read(await made.start(), 12)) == 12


async def test_a_thread_that_cannot_be_read_hides_no_other(redis: RedisServer) -> None:
    async with processes(redis) as made:
        store = await made.start()
        for thread in ("t1", "t2", "t3"):
            await whole_run(store, a_run(thread=thread))
        meta = made.key("meta").replace("t1", "t2")
        redis.command("HSET", meta, "created", "yesterday")
        found = await store.threads.list("ann")
    assert {thread.thread_id for thread in found.threads} == {"t1", "t3"}


async def test_a_lost_run_ends_also_where_a_record_of_it_cannot_be_read(
    redis: RedisServer,
) -> None:
    async with processes(redis) as made:
        store = await made.start(RedisLimits(lease=0.5))
        lease = await claimed(store, a_run())
        await store.log.append(lease, [*text("m1", "Hello")[:2]])
        await store.close()
        redis.command("XADD", made.key("log"), "3-0", "r", "r1", "e", '{"type":"TOOL_CALL_START"}')
        args = '{"type":"TOOL_CALL_ARGS","toolCallId":"c1","delta":"{}"}'
        redis.command("XADD", made.key("log"), "4-0", "r", "r1", "e", args)
        redis.command("HINCRBY", made.key("meta"), "seq", "2")
        other = await made.start(RedisLimits(lease=0.5))
        records = await ended(other)
        assert records[-1].event["code"] == "OWNER_LOST"
        assert (await claimed(other, a_run(run="r2"))).fresh


async def test_one_thread_that_cannot_be_ended_keeps_nobody_from_ending_the_others(
    redis: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with processes(redis) as made:
        store = await made.start(RedisLimits(lease=0.5))
        for thread in ("t1", "t2"):
            await claimed(store, a_run(thread=thread))
        await store.close()
        redis.command("LSET", made.key("runs"), "-1", "1 0 {broken")
        other = await made.start(RedisLimits(lease=0.5))
        async with asyncio.timeout(20):
            while await other.log.active("t2") is not None:
                await other.log.wait_idle("t2")
    assert "thread t1 is damaged" in caplog.text or "cannot be read" in caplog.text


class Clumsy:
    """A server whose client fails at one step, as no release is known to."""

    def __init__(self, store: RedisStore, step: str) -> None:
        self._script = store.log._script
        self._carry_out, self._ask_append = self._script.step, self._script.ask_append
        self._step = step
        self._script.step = self.step  # type: ignore[method-assign]
        self._script.ask_append = self.ask_append  # type: ignore[method-assign]

    async def step(self, name: str, thread_id: str, *given: Word) -> list[object]:
        self._fail_at(name)
        return await self._carry_out(name, thread_id, *given)

    def ask_append(
        self, thread_id: str, about: Sequence[Word], *given: Word
    ) -> asyncio.Future[Answer]:
        self._fail_at("append")
        return self._ask_append(thread_id, about, *given)

    def _fail_at(self, name: str) -> None:
        if name == self._step:
            self._step = ""
            raise AttributeError("a client's own fault")


@pytest.mark.parametrize("step", ["append", "release"])
async def test_a_client_that_fails_unexpectedly_ends_the_run_at_once_with_the_truth(
    redis: RedisServer, step: str
) -> None:
    async def waiting(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "Hello"):
            yield event
        if step == "append":
            await asyncio.Event().wait()

    async with processes(redis) as made:
        store = await made.start()
        Clumsy(store, step)
        runtime = CopilotRuntime({"default": waiting, "next": Scripted()}, store=store)
        events = await ran(runtime, asking(run="r1"))
        again = await ran(runtime, asking(run="r2", agent="next"))
    assert events[-1]["code"] == "STORE_FAILED"
    assert again[-1]["type"] == "RUN_FINISHED"
