"""MCP apps as a front end of today sees them, over HTTP, with real MCP servers in processes."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import GenerativeUI, Options
from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.core.errors import Misconfigured, MissingExtra
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import limited
from agui_runtime.wrappers.mcp_apps import MCPAppsAgent
from agui_runtime.wrappers.mcp_apps.servers import LARGEST
from tests.fakes.mcp_process import STDIO, listening
from tests.runtime.worlds import Waiting, call, text
from tests.wires.agui.serving import Event, events, reading, run_body, serving, types

RUN, CONNECT = "/agent/default/run", "/agent/default/connect"
PAGE = "ui://shop/cart.html"
SHOP = McpServer(
    command=[*STDIO, "0", "add", "show_cart", "checkout", "show_offers", "host"], id="shop"
)


class Seller:
    """Calls one tool, and says what it was told; it remembers what it was asked."""

    name = "seller"
    description = "Sells"

    def __init__(self, tool: str = "show_cart", **arguments: object) -> None:
        self.tool, self.arguments = tool, json.dumps(arguments or {"item": "tea"})
        self.run_body: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.run_body.append(request)
        *_, last = request.messages
        emitted = text(f"m-{len(request.messages)}", f"It says {last.content}")
        for event in emitted if last.role == "tool" else call("c1", self.tool, self.arguments):
            yield event

    @property
    def offered(self) -> list[str]:
        return [tool.name for tool in self.run_body[0].tools or ()]


@asynccontextmanager
async def shop(
    agent: object,
    *servers: McpServer,
    retry_after: float = 5.0,
    **options: Any,  # noqa: ANN401
) -> AsyncIterator[httpx.AsyncClient]:
    equipped = MCPAppsAgent(agent, servers or [SHOP], retry_after=retry_after)
    runtime = CopilotRuntime({"default": equipped}, **options)
    async with serving(runtime) as client:
        yield client


async def ran(client: httpx.AsyncClient, **more: Any) -> list[Event]:  # noqa: ANN401
    answer = await client.post(RUN, json=run_body(**more))
    assert answer.status_code == 200, answer.text
    return events(answer.text)


async def proxied(client: httpx.AsyncClient, method: object, params: object, **where: str) -> Any:  # noqa: ANN401
    """The result of what a shown page asks, on the thread of the conversation."""
    request = {"method": method, "params": params, **(where or {"serverId": "shop"})}
    found = await ran(client, run="p1", forwardedProps={"__proxiedMCPRequest": request})
    assert types(found) == ["RUN_STARTED", "RUN_FINISHED"]
    return found[-1]["result"]


async def connected(client: httpx.AsyncClient) -> list[Event]:
    return events((await client.post(CONNECT, json=run_body(run="c", messages=[]))).text)


def activities(found: list[Event]) -> list[Event]:
    return [event for event in found if event["type"] == "ACTIVITY_SNAPSHOT"]


async def test_a_tool_with_a_page_is_carried_out_and_shown_and_the_agent_goes_on() -> None:
    agent = Seller()
    async with shop(agent) as client:
        found = await ran(client)
        replayed = await connected(client)
    assert types(found) == [
        "RUN_STARTED", "TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END", "TOOL_CALL_RESULT",
        "ACTIVITY_SNAPSHOT", "TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END",
        "RUN_FINISHED",
    ]  # fmt: skip
    [activity] = activities(found)
    assert (activity["activityType"], activity["replace"]) == ("mcp-apps", True)
    content = dict(activity["content"])
    cart = {"items": ["tea"], "note": None}
    assert content.pop("result")["structuredContent"] == cart
    assert len(content.pop("serverHash")) == 32
    assert content == {"resourceUri": PAGE, "serverId": "shop", "toolInput": {"item": "tea"}}
    [result] = [event for event in found if event["type"] == "TOOL_CALL_RESULT"]
    assert json.loads(result["content"]) == cart
    assert found[-3]["delta"] == f"It says {result['content']}"
    assert activities(replayed) == activities(found)


async def test_all_agents_of_a_runtime_may_have_the_servers() -> None:
    apps = Options(generative_ui=GenerativeUI(mcp_apps=[SHOP], agents=["default"]))
    runtime = CopilotRuntime({"default": Seller(), "other": Seller()}, options=apps)
    async with serving(runtime) as client:
        assert len(activities(await ran(client))) == 1
        read = await proxied(client, "resources/read", {"uri": PAGE})
        other = await client.post("/agent/other/run", json=run_body(thread="t2"))
    assert read["contents"][0]["uri"] == PAGE
    assert activities(events(other.text)) == []


async def test_models_are_offered_tools_with_pages_that_are_for_them() -> None:
    agent = Seller()
    async with shop(agent) as client:
        await ran(client, tools=[{"name": "own", "description": "", "parameters": {}}])
    assert agent.offered == ["show_cart", "show_offers", "own"]


async def test_a_tool_that_is_for_pages_alone_is_no_action_either() -> None:
    agent = Seller()
    runtime = CopilotRuntime({"default": agent}, remotes=[McpServers([SHOP])])
    async with serving(runtime) as client:
        found = await ran(client)
    assert agent.offered == ["add", "show_cart", "show_offers"]
    assert activities(found) == []


async def test_suggestions_are_made_without_the_tools() -> None:
    agent = Seller()
    async with shop(agent) as client:
        await client.post("/agent/default/suggest", json=run_body())
    assert agent.offered == []


async def test_a_tool_that_fails_is_told_and_shown() -> None:
    async with shop(Seller(item="nothing")) as client:
        found = await ran(client)
    [result] = [event for event in found if event["type"] == "TOOL_CALL_RESULT"]
    error = json.loads(result["content"])["error"]
    assert (error["code"], "sold out" in error["message"]) == ("HANDLER_ERROR", True)
    [activity] = activities(found)
    assert activity["content"]["result"]["isError"] is True


async def test_two_calls_of_a_tool_are_shown_each_with_its_result() -> None:
    async def seller(request: RunAgentInput) -> AsyncIterator[Event]:
        if request.messages[-1].role == "user":
            for event in call("a", "show_cart", '{"item":"a"}') + call("x", "show_cart", "[]"):
                yield event
            for event in call("b", "show_cart", '{"item":"b"}'):
                yield event

    async with shop(seller) as client:
        found = await ran(client)
    shown = [event["content"] for event in activities(found)]
    assert [content["toolInput"]["item"] for content in shown] == ["a", "b"]
    assert [each["result"]["structuredContent"]["items"] for each in shown] == [["a"], ["b"]]


@pytest.mark.parametrize("transport", ["http", "sse"])
async def test_a_shown_page_reads_its_resource_and_calls_its_server(transport: str) -> None:
    path = {"http": "mcp", "sse": "sse"}[transport]
    async with listening(transport) as port:
        server = McpServer(url=f"http://127.0.0.1:{port}/{path}?key=secret", id="shop")
        async with shop(limited(Seller(), 1), server) as client:
            [activity] = activities(await ran(client))
            hash_ = activity["content"]["serverHash"]
            page = await proxied(client, "resources/read", {"uri": PAGE}, serverHash=hash_)
            paid = await proxied(
                client, "tools/call", {"name": "checkout", "arguments": {"items": 2}}
            )
    [content] = page["contents"]
    assert (content["uri"], content["mimeType"]) == (PAGE, "text/html;profile=mcp-app")
    assert content["_meta"] == {"ui": {"prefersBorder": True}}
    assert "ui/initialize" in content["text"]
    assert paid["content"] == [{"type": "text", "text": "paid for 2"}]
    assert paid["isError"] is False


async def test_a_server_is_told_that_its_pages_can_be_shown() -> None:
    async with shop(Seller()) as client:
        message = await proxied(client, "tools/call", {"name": "host"})
    assert json.loads(message["content"][0]["text"]) == {
        "extensions": {"io.modelcontextprotocol/ui": {"mimeTypes": ["text/html;profile=mcp-app"]}}
    }


async def test_the_hash_is_the_same_wherever_the_server_is_and_says_nothing_of_it() -> None:
    async with shop(Seller()) as client:
        [first] = activities(await ran(client))
    async with listening() as port:
        server = McpServer(url=f"http://127.0.0.1:{port}/mcp", id="shop")
        async with shop(Seller(), server) as client:
            [second] = activities(await ran(client))
    assert first["content"] == second["content"]


async def test_what_a_page_asks_leaves_the_thread_as_it_was() -> None:
    agent = Seller()
    async with shop(agent) as client:
        await ran(client)
        before = await connected(client)
        threads = (await client.get("/threads")).json()
        await proxied(client, "resources/read", {"uri": PAGE})
        assert await connected(client) == before
        assert (await client.get("/threads")).json() == threads
    assert len(agent.run_body) == 2


async def test_a_page_is_answered_while_the_thread_is_busy() -> None:
    agent = Waiting()
    async with shop(agent) as client, reading(client, RUN, run_body()) as reader:
        await reader.until("TEXT_MESSAGE_START")
        paid = await proxied(client, "tools/call", {"name": "checkout", "arguments": {"items": 1}})
        agent.go.set()
        await reader.until("RUN_FINISHED")
    assert paid["isError"] is False
    assert '"outcome"' not in reader.seen


REFUSALS: Mapping[str, tuple[object, object]] = {
    "apps may use ['resources/read', 'tools/call'], and not 'tools/list'": ("tools/list", {}),
    "MCP server 'shop' has no tool 'die' for apps": ("tools/call", {"name": "die"}),
    "MCP server 'shop' has no tool 'show_offers' for": ("tools/call", {"name": "show_offers"}),
    "malformed request: arguments: ": ("tools/call", {"name": "checkout", "arguments": []}),
    "malformed request: name: ": ("tools/call", None),
    "apps may read resources at ui://": ("resources/read", {"uri": "file:///etc/prices"}),
    "not the address of a resource": ("resources/read", {"uri": "ui://["}),
    "the MCP server refused the request; the log": ("resources/read", {"uri": "ui://shop/none"}),
    "malformed request: params: ": ("resources/read", ["uri"]),
    "malformed request: method: ": (1, {}),
}


async def test_nothing_else_gets_through() -> None:
    async with shop(Seller()) as client:
        results = {message: await proxied(client, *sent) for message, sent in REFUSALS.items()}
    for message, result in results.items():
        assert result["error"].startswith(message)
        assert result["isError"] is True
        assert result["content"] == [{"type": "text", "text": result["error"]}]


async def test_a_server_that_is_not_the_agents_is_not_asked() -> None:
    async with shop(Seller()) as client:
        for where in ({"serverId": "other"}, {"serverHash": "ab"}, {"serverHash": ""}):
            result = await proxied(client, "resources/read", {"uri": PAGE}, **where)
            assert "the agent has other ones now" in result["error"]


async def test_what_is_no_request_at_all_is_told() -> None:
    async with shop(Seller()) as client:
        found = await ran(client, forwardedProps={"__proxiedMCPRequest": "tools/list"})
    assert found[-1]["result"]["error"].startswith("malformed request: ")


async def test_a_server_that_is_down_takes_its_tools_with_it_and_says_nothing_of_its_address(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with listening() as port:
        pass
    agent = Seller("show_cart")
    down = McpServer(url=f"http://127.0.0.1:{port}/mcp?key=secret", id="down")
    async with shop(agent, down, SHOP, retry_after=600) as client:
        with caplog.at_level(logging.WARNING):
            found = await ran(client)
        result = await proxied(client, "resources/read", {"uri": PAGE}, serverId="down")
    assert len(activities(found)) == 1
    assert result["error"] == "MCP server 'down' failed just now"
    assert "MCP server 'down' is left out" in caplog.text


async def test_an_answer_that_cannot_be_passed_on_is_told() -> None:
    async with shop(Seller("show_offers", size=LARGEST)) as client:
        found = await ran(client)
    [result] = [event for event in found if event["type"] == "TOOL_CALL_RESULT"]
    message = json.loads(result["content"])["error"]["message"]
    assert message == "MCP server 'shop' answered with over 4 MiB"
    assert activities(found) == []


async def test_integers_of_any_length_are_passed_on() -> None:
    async with shop(Seller("show_cart", item="everything")) as client:
        found = await ran(client)
    [shown] = [event for event in found if event["type"] == "ACTIVITY_SNAPSHOT"]
    assert shown["content"]["result"]["structuredContent"]["items"] == [2**80]


async def test_a_page_that_goes_away_does_not_break_the_server_for_others() -> None:
    async with shop(Seller()) as client:
        request = {"serverId": "shop", "method": "resources/read", "params": {"uri": PAGE}}
        body = run_body(forwardedProps={"__proxiedMCPRequest": request})
        async with client.stream("POST", RUN, json=body):
            pass
        pages = [proxied(client, "resources/read", {"uri": PAGE}) for _ in range(5)]
        assert all("contents" in page for page in await asyncio.gather(*pages))


async def test_an_agent_without_apps_does_not_take_it_for_a_conversation() -> None:
    agent = Seller()
    async with serving(CopilotRuntime({"default": limited(agent, 1)})) as client:
        answer = await client.post(RUN, json=run_body(forwardedProps={"__proxiedMCPRequest": {}}))
    assert answer.status_code == 400
    assert "agent 'default' has no MCP apps" in answer.text
    assert agent.run_body == []


async def test_apps_of_an_agent_behind_another_server_are_shown_and_answered() -> None:
    async with shop(Seller()) as far:
        agent = AGUIAgent(f"{far.base_url}agent/default/run")
        async with serving(CopilotRuntime({"default": agent})) as client:
            found = await ran(client)
            page = await proxied(client, "resources/read", {"uri": PAGE})
    assert len(activities(found)) == 1
    assert [each["uri"] for each in page["contents"]] == [PAGE]


def test_without_mcp_an_error_names_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(MissingExtra, match=r"needs .*mcp"):
        MCPAppsAgent(Seller(), [SHOP])


@pytest.mark.parametrize("ids", [[""], ["a", "a"], ["a", ""]])
def test_each_server_needs_an_id_of_its_own(ids: list[str]) -> None:
    with pytest.raises(Misconfigured, match="id of its own"):
        MCPAppsAgent(Seller(), [McpServer(command=STDIO, id=id_) for id_ in ids])


def test_a_server_whose_resources_would_not_be_offered_is_refused() -> None:
    with pytest.raises(Misconfigured, match="resources=True"):
        MCPAppsAgent(Seller(), [McpServer(command=STDIO, id="shop", resources=True)])
