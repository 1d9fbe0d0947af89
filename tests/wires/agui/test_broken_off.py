"""What readers see when their reading fails, and not the run: a cut stream that says no end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.redis import RedisLimits, RedisStore
from tests.faults.proxy import Proxy
from tests.stores.clocks import Clocks, busy_renewals as busy_renewals, clocks as clocks
from tests.stores.servers import RedisServer, impatient
from tests.wires.agui.serving import frames, reading, run_body, serving

RUN = "/agent/default/run"
CONNECT = "/agent/default/connect"


async def waiting(request: RunAgentInput) -> AsyncIterator[Event]:
    """Begins, and waits for ever."""
    yield {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
    await asyncio.Event().wait()


@pytest.mark.redis
async def test_a_reader_whose_store_is_away_is_cut_off_and_served_when_it_is_back(
    tmp_path: Path,
) -> None:
    server = RedisServer(tmp_path, "--appendonly", "yes", "--appendfsync", "always")
    server.start()
    store = RedisStore(server.url, RedisLimits(lease=60))
    async with serving(CopilotRuntime({"default": waiting}, store=store)) as client:
        async with reading(client, RUN, run_body()) as reader:
            await reader.until("TEXT_MESSAGE_START")
            server.kill()
            with impatient(store):
                with pytest.raises(httpx.RemoteProtocolError):
                    await reader.until("RUN_ERROR")
                refused = await client.post(CONNECT, json=run_body(messages=[]))
            assert "RUN_ERROR" not in reader.seen
            assert ": broken off: STORE_UNAVAILABLE" in reader.seen
        assert refused.status_code == 503
        server.start()
        async with reading(client, CONNECT, run_body(messages=[])) as reader:
            await reader.until("TEXT_MESSAGE_START")
            await client.post("/agent/default/stop/t1", json={})
            await reader.until("RUN_FINISHED")
    server.kill()


@pytest.mark.redis
@pytest.mark.usefixtures("busy_renewals")
async def test_readers_of_an_owner_that_is_cut_off_have_the_end_of_its_run(
    tmp_path: Path, clocks: Clocks
) -> None:
    server = RedisServer(tmp_path)
    server.start()
    proxy = Proxy(server.port)
    await proxy.start()
    url, limits = f"redis://127.0.0.1:{proxy.port}/0", RedisLimits(lease=60, patience=60)
    store = RedisStore(url, limits, clock=clocks)
    async with serving(CopilotRuntime({"default": waiting}, store=store)) as client:
        async with reading(client, RUN, run_body()) as reader:
            await reader.until("TEXT_MESSAGE_START")
            proxy.stall()
            clocks.ahead += 61
            await reader.until("OWNER_LOST")
            assert '"type":"RUN_ERROR"' in reader.seen
        proxy.flow()
        ends = frames((await client.post(CONNECT, json=run_body(messages=[]))).text)[-1:]
        assert [event.get("code") for _, event in ends] == ["OWNER_LOST"]
        assert ends[0][0], "the log holds it, too"
    await proxy.close()
    server.kill()
