"""`agui-runtime worker` as a process of its own, beside a server that carries out nothing."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from agui_runtime import CopilotRuntime, Options
from agui_runtime.queues.here import HereQueue
from agui_runtime.stores.open import open_store
from tests.ports import free_port
from tests.programs import finished, serving, started
from tests.runtime.worlds import Scripted, asking, told
from tests.stores.servers import RedisServer
from tests.wires.agui.serving import events, run_body, types

RUN = "/copilotkit/agent/default/run"


@asynccontextmanager
async def working(*words: str, **settings: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker that looks."""
    process = await started("worker", *words, **settings)
    assert process.stderr is not None
    try:
        while b"working on" not in (line := await process.stderr.readline()):
            assert line, "the worker has ended"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_a_run_of_a_server_is_carried_out_by_a_worker_that_ends_when_it_is_asked_to(
    tmp_path: Path,
) -> None:
    queue = RedisServer(tmp_path / "redis")
    queue.start()
    settings = {"AGUI_STORE": f"sqlite:///{tmp_path}/threads.db", "AGUI_QUEUE": queue.url}
    try:
        async with serving(**settings) as (_, origin, _), httpx.AsyncClient(base_url=origin) as web:
            running = asyncio.create_task(web.post(RUN, json=run_body("hi", "t1")))
            numbers = f"127.0.0.1:{free_port()}"
            async with working("--slots", "2", AGUI_METRICS=numbers, **settings) as worker:
                answer = await running
                page = (await web.get(f"http://{numbers}/metrics")).text
                worker.send_signal(signal.SIGTERM)
                assert await worker.wait() == 0
                _, err = await worker.communicate()
        assert types(events(answer.text))[-1] == "RUN_FINISHED"
        assert 'agui_worker_queue_wait_seconds_count{queue="default"} 1.0' in page
        assert b"stopped; every run has ended" in err
    finally:
        queue.kill()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "set AGUI_QUEUE"),
        (["--slots", "0"], "a number of slots is from 1"),
        (["--queues", "a b"], "is no name of a queue"),
    ],
)
async def test_a_worker_that_would_have_nothing_to_do_is_refused(
    words: list[str], said: str
) -> None:
    code, _, err = await finished("worker", *words)
    assert code == 2
    assert said in err
    assert "Traceback" not in err


async def test_runs_of_a_worker_whose_queue_fails_for_good_go_on_to_their_ends(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/threads.db"
    store = open_store(url)
    web = CopilotRuntime({"default": Scripted()}, store=store, options=Options(run_in=HereQueue()))
    async with web.lifespan():
        handle = await web.start(asking())
        async with asyncio.timeout(60):
            code, _, err = await finished("worker", "tests.commands.deaf_app", AGUI_STORE=url)
            events = await told(handle)
    assert code != 0
    assert "the queue's own error" in err
    assert [each["delta"] for each in events if "delta" in each] == ["one ", "two"]
    assert events[-1]["type"] == "RUN_FINISHED"
