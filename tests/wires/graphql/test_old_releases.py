"""What pages of CopilotKit 1.0 to 1.8 ask for in another way than 1.10 does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import AgentFailure, CopilotRuntime
from agui_runtime.core.events import Event
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import call, text
from tests.wires.graphql.serving import PATH, chat, payloads, serving, user

RELEASE = "x-copilotkit-runtime-client-gql-version"
SETCOLOR = {"name": "setColor", "description": "", "jsonSchema": "{}"}


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    for each in text("m1", "Let me see"):
        yield each
    raise AgentFailure("The model is away.")


async def answered(client: httpx.AsyncClient, body: dict[str, Any], release: str) -> dict[str, Any]:
    response = await client.post(PATH, json=body, headers={RELEASE: release})
    answer: dict[str, Any] = merged(payloads(response.content))["data"]["generateCopilotResponse"]
    return answer


def said(answer: dict[str, Any]) -> list[str]:
    return ["".join(message["content"]) for message in answer["messages"]]


@pytest.mark.parametrize("release", ["1.0.8", "1.4.8", "1.8.14", "1.8.14-next.2"])
async def test_a_failure_is_a_sentence_where_the_page_has_no_banner(release: str) -> None:
    async with serving(CopilotRuntime(agents={"default": failing})) as client:
        answer = await answered(client, chat(), release)
    assert said(answer) == ["Let me see", "❌ The model is away."]
    assert answer["status"]["code"] == "Failed"


@pytest.mark.parametrize("release", ["1.9.3", "1.10.6", "1.74.0", "2.0.0", "", "latest"])
async def test_other_pages_show_it_by_themselves(release: str) -> None:
    async with serving(CopilotRuntime(agents={"default": failing})) as client:
        answer = await answered(client, chat(), release)
    assert said(answer) == ["Let me see"]
    assert answer["status"]["code"] == "Failed"


async def test_such_a_sentence_is_no_part_of_the_conversation() -> None:
    asked: list[RunAgentInput] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        asked.append(request)
        yield {"type": "RUN_ERROR", "message": "The model is away."}

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await answered(client, chat(), "1.8.14")
        [shown] = answer["messages"]
        text_message = {"content": said(answer)[0], "role": "assistant"}
        sent = {"id": shown["id"], "createdAt": shown["createdAt"], "textMessage": text_message}
        await answered(
            client, chat(messages=[user("u1", "Hello"), sent, user("u2", "?")]), "1.8.14"
        )
    assert [message.id for message in asked[1].messages] == ["u1", "u2"]


async def test_calls_say_who_carries_them_out() -> None:
    """Pages up to 1.4 carry out only what is theirs by its scope."""

    def lookup() -> str:
        """Looks up."""
        return "found"

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        if len(request.messages) == 1:
            for each in [*call("c1", "setColor", "{}"), *call("c2", "lookup", "{}")]:
                yield each

    body = chat(frontend={"actions": [SETCOLOR], "url": "http://page.test/"})
    body["query"] = body["query"].replace("arguments @stream", "scope arguments @stream")
    async with serving(CopilotRuntime(agents={"default": agent}, actions=[lookup])) as client:
        answer = await answered(client, body, "1.4.8")
    scopes = {each["name"]: each["scope"] for each in answer["messages"] if "scope" in each}
    assert scopes == {"setColor": "client", "lookup": "server"}


async def test_the_configurable_of_1_6_is_the_config_of_now() -> None:
    seen: list[Any] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        seen.append((request.state, request.forwarded_props))
        for each in text("m1", "Ok"):
            yield each

    states = [{"agentName": "default", "state": '{"n": 1}', "configurable": '{"tone": "kind"}'}]
    body = chat(agentStates=states, agentSession={"agentName": "default", "threadId": "thread-1"})
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        await answered(client, body, "1.6.0")
    [(state, forwarded)] = seen
    assert (state, forwarded["config"]) == ({"n": 1}, {"tone": "kind"})
