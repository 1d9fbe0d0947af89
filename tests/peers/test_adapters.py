"""The examples of other frameworks' agents in our process, each served in an environment of its own
over the local model server, and asked by a CopilotKit 1.10 front end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import httpx
import orjson
import pytest

from tests.fakes.model import ModelServer
from tests.peers.examples import ENVIRONMENTS, example
from tests.wires.graphql.merging import merged
from tests.wires.graphql.serving import ACCEPT, PATH, body, chat, payloads, user

Message: TypeAlias = dict[str, Any]
EXAMPLES = [name for name in ENVIRONMENTS if name.endswith("_app")]
SHOW = {
    "name": "show",
    "description": "Shows a city",
    "jsonSchema": '{"type":"object","properties":{"city":{"type":"string"}}}',
    "available": "enabled",
}


class Page(NamedTuple):
    """A front end of an example, and the model behind that."""

    client: httpx.Client
    model: ModelServer


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    """A front end of the example that is the parameter."""
    with (
        example(request.param) as served,
        httpx.Client(base_url=served.origin, headers={"accept": ACCEPT}, timeout=60) as client,
    ):
        yield Page(client, served.model)


def said(page: Page, thread: str, *messages: Message, **data: Any) -> list[Message]:  # noqa: ANN401
    """The messages of one answer."""
    asked = chat(
        threadId=thread,
        messages=messages,
        agentSession={"agentName": "default"},
        **data,
    )
    answer = merged(payloads(page.client.post(PATH, json=asked).content))
    response = answer["data"]["generateCopilotResponse"]
    assert response["status"]["code"] == "Success", response["status"]
    told: list[Message] = response["messages"]
    return told


def carried_out(call: Message, result: str) -> list[Message]:
    """What a page sends after it has carried out a call."""
    when = {"createdAt": "2026-01-01T00:00:00.000Z"}
    name, arguments = call["name"], "".join(call["arguments"])
    called = {"name": name, "arguments": arguments, "parentMessageId": None}
    answer = {"actionExecutionId": call["id"], "actionName": name, "result": result}
    return [
        {"id": call["id"], **when, "actionExecutionMessage": called},
        {"id": f"result-{call['id']}", **when, "resultMessage": answer},
    ]


def texts(messages: list[Message]) -> list[str]:
    return ["".join(message["content"]) for message in messages if "content" in message]


def of(*examples: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", examples, indirect=True)


@of(*EXAMPLES)
def test_it_answers(page: Page) -> None:
    assert texts(said(page, "t-text", user("u1", "Good morning"))) == ["You said: Good morning"]


@of(*(name for name in EXAMPLES if name != "langgraph_app"))
def test_a_front_ends_tool_is_called_and_its_result_is_heard(page: Page) -> None:
    offered = {"actions": [SHOW], "url": "http://page.test/"}
    asked = user("t-show-u", '[tool:show {"city":"Oslo"}]')
    [call] = [it for it in said(page, "t-show", asked, frontend=offered) if it.get("name")]
    answered = carried_out(call, "the map is up")
    said(page, "t-show", asked, *answered, frontend=offered)

    assert orjson.loads("".join(call["arguments"])) == {"city": "Oslo"}
    assert "the map is up" in str(page.model.seen[-1].body["messages"])


@of(*(name for name in EXAMPLES if name != "copilotkit_langgraph_app"))
def test_its_own_tool_is_carried_out(page: Page) -> None:
    messages = said(page, "t-tool", user("u2", '[tool:weather {"city":"Oslo"}]'))
    assert "sunny in Oslo" in texts(messages)[-1]


@of("copilotkit_langgraph_app", "langgraph_app")
def test_a_thread_is_loaded_from_the_checkpointer(page: Page) -> None:
    said(page, "t-kept", user("u3", "Remember me"))
    asked = {"data": {"threadId": "t-kept", "agentName": "default"}}
    loaded = page.client.post(PATH, json=body("loadAgentState", asked)).json()["data"][
        "loadAgentState"
    ]

    assert loaded["threadExists"] is True
    kept = orjson.loads(loaded["messages"])
    assert [message["content"] for message in kept] == ["Remember me", "You said: Remember me"]
