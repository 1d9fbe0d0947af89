"""What readers of a run learn while it waits for a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from pathlib import Path

import pytest

from agui_runtime import create_app
from agui_runtime.core.errors import OwnerLost
from agui_runtime.core.events import Event
from agui_runtime.core.queueing import JobLost
from agui_runtime.runs.handle import RunHandle
from agui_runtime.runtime import waiting_line
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from tests.runtime.test_workers import Echo, at_work, events_of, jobs_of, opened, request_of
from tests.stores.conftest import each_store as each_store, postgres as postgres, redis as redis
from tests.stores.servers import RedisServer
from tests.support import client_of
from tests.wires.agui.serving import events as events_in, run_body


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting_line, "NOTICEABLE", 0.02)
    monkeypatch.setattr(waiting_line, "EVERY", 0.02)


async def shown(handle: RunHandle) -> AsyncGenerator[Event, None]:
    async with aclosing(handle.batches(places_shown=True)) as batches:
        async for batch in batches:
            for record in batch.records:
                yield record.event


async def test_a_reader_is_sent_the_runs_place_until_it_begins_and_its_start_once(
    each_store: Store,
) -> None:
    async with AsyncExitStack() as stack:
        runtime = await stack.enter_async_context(opened(each_store, Echo()))
        await runtime.start(request_of("t0"))
        handle = await runtime.start(request_of("t1"))
        seen: list[Event] = []
        async with asyncio.timeout(20), aclosing(shown(handle)) as events:
            async for event in events:
                seen.append(event)
                if len(seen) == 3:
                    await stack.enter_async_context(at_work(runtime, 1))
    kinds = [each["type"] for each in seen]
    places = [each for each in seen if each.get("name") == "agui_runtime.queued"]
    assert kinds[:2] == ["RUN_STARTED", "CUSTOM"]
    assert kinds.count("RUN_STARTED") == kinds.count("RUN_FINISHED") == 1
    assert seen[0] == {"type": "RUN_STARTED", "threadId": "t1", "runId": "r1"}
    assert places[0]["value"]["position"] == 2
    assert places[0]["value"]["seconds"] >= 0
    assert len(places) >= 2
    assert "".join(each.get("delta", "") for each in seen).endswith("hello")


async def test_the_log_and_readers_who_do_not_ask_have_none_of_it(each_store: Store) -> None:
    async with opened(each_store, Echo()) as runtime:
        handle = await runtime.start(request_of("t1"))
        reading = asyncio.create_task(events_of(handle))
        async with asyncio.timeout(20), aclosing(shown(handle)) as events:
            async for event in events:
                if event["type"] == "CUSTOM":
                    break
        async with at_work(runtime):
            seen = await reading
        assert seen[0]["type"] == "RUN_STARTED"
        assert all(each["type"] != "CUSTOM" for each in seen)
        assert await events_of(handle) == seen


async def test_a_page_is_sent_the_place_in_frames_without_ids(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting_line, "EVERY", 60.0)
    async with opened(MemoryStore(), Echo()) as runtime, client_of(create_app(runtime)) as client:
        where = "/copilotkit/agent/default"
        async with client.stream("POST", f"{where}/run", json=run_body("hi", "t1")) as answer:
            lines = answer.aiter_lines()
            head = [await anext(lines) for _ in range(3)]
        assert head[0].startswith('data: {"type":"RUN_STARTED"')  # no id: there is none to resume
        assert '"agui_runtime.queued"' in head[2]
        async with at_work(runtime):
            again = await client.post(f"{where}/connect", json=run_body("", "t1", messages=[]))
        kinds = [each["type"] for each in events_in(again.text)]
    assert (kinds[0], kinds[-1]) == ("RUN_STARTED", "RUN_FINISHED")


@pytest.mark.parametrize("known", [True, False])
async def test_a_run_that_its_store_has_lost_ends_for_who_reads_it(
    tmp_path: Path, known: bool
) -> None:
    """Redis comes back from what it had saved before the run was posted."""
    server = RedisServer(tmp_path)
    server.start()
    try:
        async with opened(RedisStore(server.url), Echo()) as runtime:
            if known:
                async with at_work(runtime):
                    await events_of(await runtime.start(request_of("t1", "r0")))
            server.command("SAVE")
            handle = await runtime.start(request_of("t1"))
            reading = asyncio.create_task(events_of(handle))
            await asyncio.sleep(0)
            server.kill()
            server.start()
            with pytest.raises(JobLost) as lost:
                await reading
            assert isinstance(lost.value, OwnerLost)
            async with at_work(runtime):
                again = await runtime.start(request_of("t1", "r2"))
                assert (await events_of(again))[-1]["type"] == "RUN_FINISHED"
    finally:
        server.kill()


async def test_a_store_that_does_not_say_where_a_run_stands_ends_no_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store, looked = MemoryStore(), asyncio.Event()

    async def position(*_: str) -> None:
        looked.set()

    async with opened(store, Echo()) as runtime:
        monkeypatch.setattr(jobs_of(store), "position", position)
        reading = asyncio.create_task(events_of(await runtime.start(request_of("t1"))))
        await looked.wait()
        async with at_work(runtime):
            assert (await reading)[-1]["type"] == "RUN_FINISHED"
