"""Blocks through every wire: as activities where there are any, else as the text in their place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from ag_ui.core import RunAgentInput
from mcp.types import TextContent

from agui_runtime import (
    A2AWire,
    AguiWire,
    Blocks,
    CopilotRuntime,
    GraphQLWire,
    McpWire,
    OpenAIWire,
    Options,
    RestWire,
    create_app,
)
from agui_runtime.wires.copilotkit_remote.wire import CopilotKitRemoteWire
from agui_runtime.wires.shared.wire import Wire
from tests.runtime.worlds import text
from tests.support import served
from tests.wires.agui.serving import events, run_body
from tests.wires.copilotkit_remote.test_remote import AS_JSON, execution
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import body, chat, payloads
from tests.wires.mcp.serving import NEW, client_of
from tests.wrappers.block_models import CHART, WHOLE, Event, activities, show

MARKDOWN = "**Sales**\n\n| month | Sales |\n| --- | --- |\n| Jan | 12 |\n| Feb | 14.5 |"
BAD = {"headers": 1}


class Analyst:
    """Shows a chart, fails to show a table, and goes on in words."""

    name = "default"
    description = "Shows charts"

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        run = request.run_id
        if request.messages[-1].role == "tool":
            said = text(f"after-{run}", "After.")
        else:
            chart, table = show(f"c-{run}", "chart", CHART), show(f"d-{run}", "table", BAD)
            said = [*text(f"before-{run}", "Before."), *chart, *table]
        for event in said:
            yield event


@asynccontextmanager
async def served_everywhere(**options: Any) -> AsyncIterator[httpx.AsyncClient]:  # noqa: ANN401
    runtime = CopilotRuntime({"default": Analyst()}, options=Options(blocks=Blocks(**options)))
    wires: list[Wire] = [
        GraphQLWire(),
        AguiWire(),
        RestWire(),
        OpenAIWire(),
        A2AWire(),
        McpWire(pace=0),
    ]
    app = create_app(runtime, wires=[*wires, CopilotKitRemoteWire()])
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        yield client


async def test_ag_ui_has_the_activity_live_and_again() -> None:
    async with served_everywhere() as client:
        live = await client.post("/copilotkit/agent/default/run", json=run_body())
        again = await client.post(
            "/copilotkit/agent/default/connect", json=run_body(run="c", messages=[])
        )
    assert activities(events(live.text))[1] == ("block-c-r1", "block.chart", WHOLE)
    shown = {id_: content for id_, _, content in activities(events(live.text))}
    replayed = {id_: content for id_, _, content in activities(events(again.text))}
    assert replayed == shown
    assert shown["block-d-r1"]["status"] == "refused"


async def test_pages_up_to_1_10_have_the_text_live_and_again() -> None:
    async with served_everywhere() as client:
        answer = await client.post("/copilotkit", json=chat())
        data = {"threadId": "thread-1", "agentName": "default"}
        state = await client.post("/copilotkit", json=body("loadAgentState", {"data": data}))
    document = merged(payloads(answer.content))
    messages = document["data"]["generateCopilotResponse"]["messages"]
    said = ["".join(m["content"]) for m in messages if m["__typename"] == "TextMessageOutput"]
    assert said == ["Before.", MARKDOWN, "After."]
    names = [m["name"] for m in messages if m["__typename"] == "ActionExecutionMessageOutput"]
    assert names == ["show_chart", "show_table"]
    loaded = json.loads(state.json()["data"]["loadAgentState"]["messages"])
    assert [m["content"] for m in loaded if m.get("role") == "assistant"] == said


async def test_the_text_is_left_out_where_nobody_wants_it() -> None:
    async with served_everywhere(fallback=None) as client:
        answer = await client.post("/copilotkit", json=chat())
    assert "Jan |" not in answer.text


async def test_chat_completions_of_a_thread_have_the_text() -> None:
    async with served_everywhere() as client:
        hi = [{"role": "user", "content": "hi"}]
        sent = {"model": "default", "messages": hi, "metadata": {"thread_id": "t1"}}
        whole = await client.post("/v1/chat/completions", json=sent)
        content = whole.json()["choices"][0]["message"]["content"]
        turns = [*hi, {"role": "assistant", "content": content}, {"role": "user", "content": "so"}]
        streamed = await client.post(
            "/v1/chat/completions", json={**sent, "messages": turns, "stream": True}
        )
        thread = (await client.get("/copilotkit/threads/t1/messages")).json()["messages"]
    assert content == f"Before.\n\n{MARKDOWN}\n\nAfter."
    assert "| Jan | 12 |" in streamed.text
    assert [each["content"] for each in thread if each["role"] == "user"] == ["hi", "so"]


async def test_responses_have_the_text_now_and_when_they_are_read_again() -> None:
    async with served_everywhere() as client:
        answer = (
            await client.post("/v1/responses", json={"model": "default", "input": "x"})
        ).json()
        stored = (await client.get(f"/v1/responses/{answer['id']}")).json()
    for response in (answer, stored):
        said = [
            part["text"]
            for item in response["output"]
            if item["type"] == "message"
            for part in item["content"]
        ]
        assert said == ["Before.", MARKDOWN, "After."]


async def test_a2a_has_the_data_and_the_text() -> None:
    message = {"messageId": "m", "role": "ROLE_USER", "parts": [{"text": "hi"}]}
    call = {"jsonrpc": "2.0", "id": 1, "method": "SendMessage", "params": {"message": message}}
    async with served_everywhere() as client:
        answer = await client.post("/a2a/default", json=call, headers={"a2a-version": "1.0"})
    artifacts = answer.json()["result"]["task"]["artifacts"]
    [chart] = [each for each in artifacts if each.get("name") == "block.chart"]
    assert chart["parts"][0]["data"] == WHOLE
    assert chart["parts"][1]["text"] == MARKDOWN
    assert not [each for each in artifacts if each.get("name") == "block.table"]


async def test_another_runtime_has_the_text() -> None:
    async with served_everywhere() as client:
        answer = await client.post(
            "/copilotkit_remote/agents/execute", json=execution("default"), headers=AS_JSON
        )
    lines = [json.loads(line) for line in answer.text.splitlines()]
    said = "|".join(line["content"] for line in lines if line["type"] == "TextMessageContent")
    assert said == f"Before.|{MARKDOWN}|After."


async def test_mcp_has_the_text() -> None:
    runtime = CopilotRuntime({"default": Analyst()}, options=Options(blocks=Blocks()))
    app = create_app(runtime, wires=[McpWire(pace=0)])
    async with served(app) as origin, client_of(origin, NEW) as client:
        result = await client.call_tool("default", {"message": "hi"})
    [content] = result.content
    assert isinstance(content, TextContent)
    assert content.text == f"Before.\n\n{MARKDOWN}\n\nAfter."


async def test_agent_routes_have_the_activity() -> None:
    async with served_everywhere() as client:
        hi = {"messages": [{"role": "user", "content": "hi"}], "threadId": "t1"}
        started = await client.post("/api/v1/agent/runs", json=hi)
        run = await client.get(started.headers["location"])
        history = await client.get("/api/v1/agent/threads/t1/history")
    assert '"activityType":"block.chart"' in run.text
    [chart, _] = [m for m in history.json()["messages"] if m["role"] == "activity"]
    assert chart["content"] == WHOLE
