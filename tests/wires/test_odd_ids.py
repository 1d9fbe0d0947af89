"""Front ends of both generations may call a thread as they like."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.stores.odd_ids import ODD_IDS
from tests.support import served
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import events, run_body, text, types
from tests.wires.graphql.serving import ACCEPT, PATH, chat

SAID = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("thread", ODD_IDS)
async def test_a_thread_of_any_name(thread: str) -> None:
    app = create_app(CopilotRuntime(agents=scripted_agents()))
    below = f"{PATH}/threads/{quote(thread, safe='')}"
    agent = f"{PATH}/agent/default"
    rest = f"/api/v1/agent/threads/{quote(thread, safe='')}"
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        run = await client.post(f"{agent}/run", json=run_body(thread=thread, run=thread))
        old = await client.post(PATH, json=chat(threadId=thread), headers={"accept": ACCEPT})
        log = await client.post(f"{agent}/connect", json=run_body(thread=thread))
        messages = await client.get(f"{below}/messages")
        started = await client.post(
            "/api/v1/agent/runs", json={"threadId": thread, "messages": SAID}
        )
        followed = await client.get(started.headers["location"])
        history = await client.get(f"{rest}/history")
        stop = await client.post(f"{agent}/stop/{quote(thread, safe='')}")
        renamed = await client.patch(below, json={"agentId": "default", "name": "odd"})
        deleted = await client.delete(below)
    assert text(events(run.text)) == "Echo: hi"
    assert old.status_code == 200
    assert '"code":"Failed"' not in old.text
    assert types(events(log.text)).count("RUN_FINISHED") == 2
    assert messages.json()["messages"]
    assert text(events(followed.text)) == "Echo: hi"
    assert history.json()["threadId"] == thread
    assert stop.json()["stopped"] is False
    assert (renamed.status_code, deleted.status_code) == (200, 204)
