"""One thread on several wires: what OpenAI's clients do in it, CopilotKit's pages see."""

from __future__ import annotations

import httpx
from openai import AsyncOpenAI

from agui_runtime import AguiWire, CopilotRuntime, GraphQLWire, OpenAIWire, create_app
from tests.support import served
from tests.wires.agui.serving import events, run_body
from tests.wires.openai.serving import Recorder
from tests.wires.openai.test_conversations import all_items, texts
from tests.wires.openai.test_responses import respond
from tests.wires.openai.test_threads import HELLO, HI, MORE

PATH = "/copilotkit"
LOAD = """
query Load($data: LoadAgentStateInput!) {
  loadAgentState(data: $data) { threadExists messages }
}
"""


async def test_a_turn_of_a_response_shows_on_pages_and_their_turns_in_its_conversation() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    app = create_app(runtime, wires=[OpenAIWire(), GraphQLWire(), AguiWire()])
    async with (
        served(app) as origin,
        AsyncOpenAI(base_url=f"{origin}/v1", api_key="ann", max_retries=0) as client,
        httpx.AsyncClient(base_url=origin) as page,
    ):
        await respond(client, conversation="t1")

        opened = await page.post(f"{PATH}/agent/default/connect", json=run_body(thread="t1"))
        shown = [each for each in events(opened.text) if each["type"] == "TEXT_MESSAGE_CONTENT"]
        assert "".join(each["delta"] for each in shown) == "Hello world"

        data = {"threadId": "t1", "agentName": "default"}
        body = {"query": LOAD, "variables": {"data": data}}
        loaded = (await page.post(PATH, json=body)).json()["data"]["loadAgentState"]
        assert loaded["threadExists"]
        assert "Hello world" in loaded["messages"]

        await page.post(f"{PATH}/agent/default/run", json=run_body("more", thread="t1", run="r2"))
        assert texts(await all_items(client, "t1", order="asc")) == [HI, HELLO, MORE, HELLO]
