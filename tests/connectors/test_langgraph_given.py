"""What graphs on a LangGraph server are given, and what of their inner workings pages are shown."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from agui_runtime.connectors.langgraph import LangGraphAgent
from agui_runtime.core.errors import Misconfigured
from tests.connectors.replayed import THREAD, played, recorded, snapshots, streamed, talking
from tests.connectors.talk import kinds, text
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import PATH, chat, payloads, serving


async def test_what_an_agent_within_a_tool_says_is_shown_while_it_says_it() -> None:
    page, [events] = await played("expert")

    told = [each.get("delta") for each in events if each["type"] == "TEXT_MESSAGE_CONTENT"]
    assert "".join(map(str, told)) == "You said: whyTool result: You said: why"
    steps = [each["stepName"] for each in events if each["type"] == "STEP_STARTED"]
    assert steps == ["chat", "think", "work", "chat"]
    assert [message["role"] for message in page.messages] == [
        "user",
        "assistant",
        "tool",
        "assistant",
    ]


async def test_a_page_may_want_nothing_of_agents_within() -> None:
    async with talking(recorded("failure")) as (page, server):
        await page.say("hi", forwardedProps={"streamSubgraphs": False})
    assert server.requests[1][1]["stream_subgraphs"] is False


async def test_agents_side_by_side_keep_their_messages_apart() -> None:
    def chunk(agent: str, words: str, **more: Any) -> tuple[str, object]:  # noqa: ANN401
        message = {"type": "AIMessageChunk", "id": agent, "content": words, **more}
        return f"messages|work:{agent}", [message, {"langgraph_node": "think"}]

    call = [{"id": "c1", "name": "look", "args": "{", "index": 0}]
    answers = streamed(
        chunk("a", "One "),
        chunk("b", "Uno "),
        chunk("a", "two", chunk_position="last"),
        chunk("b", "", tool_call_chunks=call),
        ("updates|work:a", {"think": {}}),
        chunk("b", "", tool_call_chunks=[{"args": "}", "index": 0}], chunk_position="last"),
        ("updates", {"work": {}}),
    )
    async with talking(answers) as (page, _):
        await page.say("hi")

    said = {each["id"]: each for each in page.messages}
    assert (said["a"]["content"], said["b"]["content"]) == ("One two", "Uno ")
    [called] = said["b"]["toolCalls"]
    assert called["function"] == {"name": "look", "arguments": "{}"}


async def test_a_graph_foretells_its_state_and_nothing_takes_that_back() -> None:
    _, [events] = await played("document")

    at = kinds(events).index("CUSTOM")
    rule = {"state_key": "document", "tool": "write_document", "tool_argument": "document"}
    assert events[at] == {"type": "CUSTOM", "name": "PredictState", "value": [rule]}
    assert events[at + 1]["type"] == "TOOL_CALL_START"
    returned = kinds(events).index("TOOL_CALL_RESULT")
    assert "STATE_SNAPSHOT" not in kinds(events)[at:returned]
    assert snapshots(events)[-1] == {"steps": 2, "document": "Once upon a time"}


async def test_older_pages_see_the_state_grow() -> None:
    async with (
        talking(recorded("document")) as (page, _),
        serving(page.runtime) as client,
    ):
        question = chat(agentSession={"agentName": "default", "threadId": THREAD})
        answer = await client.post(PATH, json=question)

    response = merged(payloads(answer.content))["data"]["generateCopilotResponse"]
    states = [orjson.loads(each["state"]) for each in response["messages"] if "state" in each]
    documents = list(dict.fromkeys(state["document"] for state in states if "document" in state))
    assert documents == ["Onc", "Once upon a", "Once upon a time"]


@pytest.mark.parametrize("rules", [7, "write", [7, None], {"state_key": "x"}, [{"tool": ["a"]}]])
async def test_rules_that_cannot_be_meant_break_nothing(rules: object) -> None:
    call = {"id": "c1", "name": "write", "args": {}, "type": "tool_call"}
    message = {"type": "ai", "id": "m1", "content": "", "tool_calls": [call]}
    about = {"langgraph_node": "chat", "predict_state": rules}
    async with talking(streamed(("messages", [message, about]))) as (page, _):
        events = await page.say("hi")
    assert "CUSTOM" not in kinds(events)
    assert events[-1]["type"] == "RUN_FINISHED"


async def test_a_state_that_was_foretold_in_vain_is_told_at_the_end() -> None:
    rules = [{"state_key": "document", "tool": "write"}]
    call = {"id": "c1", "name": "write", "args": {}, "type": "tool_call"}
    message = {"type": "ai", "id": "m1", "content": "", "tool_calls": [call]}
    answers = streamed(
        ("messages", [message, {"langgraph_node": "chat", "predict_state": rules}]),
        ("values", {"messages": [message], "steps": 1}),
    )
    async with talking(answers) as (page, _):
        assert snapshots(await page.say("hi")) == [{"steps": 1}]


async def test_a_run_may_take_as_many_steps_as_the_application_says() -> None:
    _, [events] = await played("again")
    assert (events[-1]["type"], snapshots(events)[-1]) == ("RUN_FINISHED", {"steps": 30})


async def test_graphs_find_what_the_page_offers_where_their_middleware_looks() -> None:
    _, [events] = await played("given")

    given = orjson.loads(text(events))["ag-ui"]
    assert [each["name"] for each in given["tools"]] == ["show"]
    assert given["context"] == [{"description": "who", "value": "Ann"}]
    assert (given["a2ui_schema"], given["inject_a2ui_tool"]) == ("{}", True)


async def test_the_configuration_is_the_applications_and_a_page_chooses_what_it_may() -> None:
    own = {"recursion_limit": 100, "metadata": {"app": "x"}, "configurable": {"tone": "dry"}}
    chosen = {"recursion_limit": 10_000, "configurable": {"model": "small", "user": "root"}}
    answers = recorded("failure")
    async with talking(answers, config=own, configurable=["model"]) as (page, server):
        await page.say("hi", forwardedProps={"config": chosen})

    body = server.requests[1][1]
    settings = {"tone": "dry", "model": "small"}
    assert body["config"] == {"recursion_limit": 100, "configurable": settings}
    assert body["metadata"] == {"app": "x"}


@pytest.mark.parametrize("config", [{"recursion_limit": "100"}, {"configurable": []}])
def test_a_configuration_that_cannot_be_meant_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(Misconfigured, match="config"):
        LangGraphAgent("http://127.0.0.1:1", "story", config=config)


async def test_headers_go_on_to_the_server_and_to_its_models_provider() -> None:
    headers = {"x-tenant": "acme", "authorization": "Bearer t", "x-request-id": "1", "a": "b"}
    async with talking(recorded("failure"), forward_headers=["x-*", "authorization"]) as (
        page,
        server,
    ):
        await page.say("hi", headers=headers)

    sent = server.headers[1]
    assert (sent["x-tenant"], sent["authorization"]) == ("acme", "Bearer t")
    assert not {"x-request-id", "a"} & sent.keys()
    settings = server.requests[1][1]["config"]["configurable"]
    assert settings == {"copilotkit_forwarded_headers": {"x-tenant": "acme"}}
