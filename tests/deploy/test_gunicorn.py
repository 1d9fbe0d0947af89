"""The app under gunicorn, whose workers share a store: runs on each wire, one line for one that
fails, numbers of each worker, and an end in order.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from agui_runtime.stores.open import open_store
from tests.ports import free_port
from tests.programs import ROOT, environment
from tests.wires.agui.serving import events, reading, run_body, types
from tests.wires.graphql.serving import ACCEPT, chat

WORKERS = 2
WORDS = ("-k", "tests.fakes.other_worker.Worker", "-w", str(WORKERS), "--no-control-socket")
APP = "tests.fakes.other_server:app"


class Gunicorn(NamedTuple):
    origin: str
    process: asyncio.subprocess.Process

    async def end(self) -> tuple[int | None, str]:
        """What it exits with after SIGTERM, and what it wrote until then."""
        self.process.send_signal(signal.SIGTERM)
        _, written = await self.process.communicate()
        return self.process.returncode, written.decode()


@asynccontextmanager
async def gunicorn(**settings: str) -> AsyncIterator[Gunicorn]:
    address = f"127.0.0.1:{free_port()}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gunicorn", *WORDS, "-b", address, APP),
        cwd=ROOT,
        env=environment(**settings),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        for _ in range(WORKERS):
            while b"startup complete" not in (line := await process.stderr.readline()):
                assert line, "gunicorn ended"
        yield Gunicorn(f"http://{address}", process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def lines_of(written: str) -> Iterator[dict[str, object]]:
    """Those that are JSON."""
    for line in written.splitlines():
        if line.startswith("{"):
            yield json.loads(line)


async def test_runs_on_both_wires_over_a_store_of_all_workers(tmp_path: Path) -> None:
    settings = {"AGUI_STORE": f"sqlite:///{tmp_path}/threads.db", "AGUI_LOG_FORMAT": "json"}
    async with gunicorn(**settings) as server:
        one = httpx.Limits(max_connections=1)  # so one worker
        async with httpx.AsyncClient(base_url=server.origin, limits=one) as client:
            ran = await client.post("/copilotkit/agent/default/run", json=run_body())
            graphql = await client.post(
                "/copilotkit", json=chat(threadId="t1"), headers={"accept": ACCEPT}
            )
            failed = await client.post("/copilotkit/agent/broken/run", json=run_body(thread="t2"))
            numbers = (await client.get("/metrics")).text
        for _ in range(2 * WORKERS):  # whichever worker answers
            async with httpx.AsyncClient(base_url=server.origin) as another:
                runs = (await another.get("/copilotkit/threads/t1/runs")).json()["runs"]
                assert len(runs) == 2
        code, written = await server.end()
    assert types(events(ran.text))[-1] == "RUN_FINISHED"
    assert "You: Hello" in graphql.text
    assert types(events(failed.text))[-1] == "RUN_ERROR"
    assert 'agui_runs_total{agent="default",code="",status="finished"} 2.0' in numbers
    assert 'agui_runs_total{agent="broken",code="AGENT_ERROR",status="failed"} 1.0' in numbers
    [warning] = [line for line in lines_of(written) if line["level"] == "warning"]
    assert (warning["thread"], warning["agent"]) == ("t2", "broken")
    assert warning["request"] == failed.headers["x-request-id"]
    assert "AGENT_ERROR" in str(warning["message"])
    assert (code, "Traceback" in written) == (0, False)


async def test_a_live_run_ends_when_gunicorn_does(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/threads.db"
    async with (
        gunicorn(AGUI_STORE=url) as server,
        httpx.AsyncClient(base_url=server.origin) as client,
        reading(client, "/copilotkit/agent/patient/run", run_body()) as stream,
    ):
        await stream.until("STEP_STARTED")
        code, written = await server.end()
    store = open_store(url)
    await store.open()
    [run] = await store.threads.runs("t1")
    await store.close()
    assert (code, run.status) == (0, "failed")
    assert "agent 'patient' failed: SHUTDOWN" in written


async def test_workers_without_a_store_that_they_share_say_so_and_end() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gunicorn", *WORDS, "-b", f"127.0.0.1:{free_port()}", APP),
        cwd=ROOT,
        env=environment(),
        stderr=asyncio.subprocess.PIPE,
    )
    _, written = await process.communicate()
    assert process.returncode
    assert b"several workers need a store that they share" in written
