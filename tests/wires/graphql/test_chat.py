"""What a front end's requests do: runs, what agents are asked, errors, closed connections."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.runtime.worlds import Scripted
from tests.wires.graphql.merging import merged
from tests.wires.graphql.runs import FAILED, call, custom, event, open_text, say, text
from tests.wires.graphql.serving import PATH, body, chat, payloads, serving


class Recorder:
    """An agent that says a word and remembers what it was asked."""

    name = "recorder"
    description = "remembers"

    def __init__(self) -> None:
        self.asked: list[RunAgentInput] = []
        self.contexts: list[RunContext] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        self.contexts.append(current_run.get())
        for each in text("m1", "Noted"):
            yield each
        yield event("STATE_SNAPSHOT", snapshot={"seen": len(self.asked)})


class Endless:
    """An agent that says a word and waits to be cancelled."""

    name = "endless"
    description = ""

    def __init__(self) -> None:
        self.speaking = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.released = asyncio.Event()

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Well")
        self.speaking.set()
        try:
            await self.released.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


async def answered(client: httpx.AsyncClient, asked: dict[str, Any], **headers: str) -> Any:  # noqa: ANN401
    response = await client.post(PATH, json=asked, headers=headers)
    assert response.status_code == 200
    return merged(payloads(response.content))["data"]["generateCopilotResponse"]


async def refused(client: httpx.AsyncClient, asked: dict[str, Any]) -> dict[str, Any]:
    """The only error of an answer without data."""
    response = await client.post(PATH, json=asked)
    assert response.status_code == 200
    answer = orjson.loads(response.content)
    assert answer["data"] is None
    [error] = answer["errors"]
    assert ".py" not in response.text
    return dict(error)


async def test_a_chat_is_answered_and_its_state_can_be_loaded() -> None:
    async with serving(CopilotRuntime(agents={"default": Recorder()})) as client:
        answer = await answered(client, chat())
        asked = {"data": {"threadId": "thread-1", "agentName": "default"}}
        loaded = (await client.post(PATH, json=body("loadAgentState", asked))).json()
    assert [message["__typename"] for message in answer["messages"]] == [
        "TextMessageOutput",
        "AgentStateMessageOutput",
        "AgentStateMessageOutput",
    ]
    state = loaded["data"]["loadAgentState"]
    assert (state["threadExists"], state["state"]) == (True, '{"seen":1}')
    assert orjson.loads(state["messages"]) == [
        {"role": "user", "content": "Hello", "id": "u1"},
        {"role": "assistant", "content": "Noted", "id": "m1"},
    ]


async def test_an_unknown_thread_is_told_as_one_that_does_not_exist() -> None:
    async with serving(CopilotRuntime(agents={"default": Recorder()})) as client:
        asked = {"data": {"threadId": "thread-1", "agentName": "default"}}
        loaded = (await client.post(PATH, json=body("loadAgentState", asked))).json()
    assert loaded["data"]["loadAgentState"] == {
        "threadId": "thread-1",
        "threadExists": False,
        "state": "{}",
        "messages": "[]",
        "__typename": "LoadAgentStateResponse",
    }


async def test_every_agent_is_listed() -> None:
    agents = {"default": Recorder(), "writer": Recorder()}
    async with serving(CopilotRuntime(agents=agents)) as client:
        listed = (await client.post(PATH, json=body("availableAgents", {}))).json()
    assert [
        (agent["id"], agent["name"], agent["description"])
        for agent in listed["data"]["availableAgents"]["agents"]
    ] == [("default", "default", "remembers"), ("writer", "writer", "remembers")]


async def test_a_task_needs_no_thread_and_leaves_none() -> None:
    agent = Recorder()
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await answered(client, chat(threadId=None, metadata={"requestType": "Task"}))
        asked = {"data": {"threadId": answer["threadId"], "agentName": "default"}}
        loaded = (await client.post(PATH, json=body("loadAgentState", asked))).json()
    assert answer["status"]["code"] == "Success"
    assert answer["runId"] is None
    assert loaded["data"]["loadAgentState"]["threadExists"] is False


async def test_agents_see_the_page_its_properties_and_the_headers_that_are_let_through() -> None:
    agent = Recorder()
    asked = chat()
    asked["variables"]["properties"] = {"tenant": "a"}
    headers = {
        "Authorization": "Bearer t",
        "Secret": "s",
        "X-Tenant": "acme",
        "X-CopilotCloud-Public-API-Key": "ck_pub",
        "X-Request-Id": "r-7",
    }
    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime, forward_headers=["Authorization", "x-*"]) as client:
        await answered(client, asked, **headers)
    [context] = agent.contexts
    assert context.properties == {"tenant": "a", "copilotCloudPublicApiKey": "ck_pub"}
    assert context.headers == {"authorization": "Bearer t", "x-tenant": "acme"}
    assert (context.request_id, context.url) == ("r-7", "http://page.test/")


async def test_an_interrupt_is_answered_by_the_next_request() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        answer = dict(request.forwarded_props or {}).get("command", {}).get("resume")
        if answer is None:
            yield custom("on_interrupt", {"question": "Sure?"})
        for each in text("m1", f"You said {answer}"):
            yield each

    resumed = [{"name": "LangGraphInterruptEvent", "value": "{}", "response": "yes"}]
    session = {"agentName": "asker"}
    async with serving(CopilotRuntime(agents={"asker": agent})) as client:
        first = await answered(client, chat(agentSession=session))
        second = await answered(client, chat(agentSession=session, metaEvents=resumed))
    assert [event["value"] for event in first["metaEvents"]] == ['{"question":"Sure?"}']
    assert second["metaEvents"] == []
    assert second["messages"][0]["content"] == ["You said yes"]


async def test_every_answer_goes_on_with_what_was_asked_and_an_empty_one_is_one() -> None:
    agent = Scripted()
    answers = [
        {"name": "LangGraphInterruptEvent", "value": '{"a":1}', "response": ""},
        {"name": "CopilotKitLangGraphInterruptEvent", "value": "[]", "response": "no"},
        {"name": "LangGraphInterruptEvent", "value": "unanswered"},
    ]
    session = {"agentName": "asker"}
    async with serving(CopilotRuntime(agents={"asker": agent})) as client:
        await answered(client, chat(agentSession=session, metaEvents=answers))
    [request] = agent.asked
    forwarded = dict(request.forwarded_props or {})
    assert forwarded["metaEvents"] == answers
    assert forwarded["command"] == {"resume": ""}


async def test_a_failed_agent_is_told_in_the_status_and_never_as_an_error() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield from_agent
        raise RuntimeError("/etc/passwd")

    from_agent = custom("noise", None)
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        response = await client.post(PATH, json=chat())
    assert "passwd" not in response.text
    status = merged(payloads(response.content))["data"]["generateCopilotResponse"]["status"]
    assert (status["code"], status["reason"]) == ("Failed", "UNKNOWN_ERROR")
    assert status["details"]["originalError"]["code"] == "UNKNOWN"


async def test_an_agents_own_error_ends_the_answer_after_what_it_had_said() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in [*text("m1", "Fine"), *call("c1", "look", "{}"), FAILED]:
            yield each

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await answered(client, chat())
    spoken, called = answer["messages"][:2]
    assert spoken["status"]["code"] == "Success"
    assert called["status"]["code"] == "Success"
    assert answer["status"]["details"]["description"] == "the agent failed"


async def test_an_unknown_agent_is_named_with_those_there_are() -> None:
    agents = {"default": Recorder(), "writer": Recorder()}
    async with serving(CopilotRuntime(agents=agents)) as client:
        error = await refused(client, chat(agentSession={"agentName": "wirter"}))
    assert error["message"] == "no agent 'wirter'; there are ['default', 'writer']"
    assert error["path"] == ["generateCopilotResponse"]
    assert (error["extensions"]["code"], error["extensions"]["visibility"]) == (
        "AGENT_NOT_FOUND",
        "banner",
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"threadId": "a\nb"}, "thread_id: "),
        (
            {
                "agentSession": {"agentName": "default"},
                "frontend": {"actions": [{"name": "f", "description": "", "jsonSchema": "{bad"}]},
            },
            "the jsonSchema of action 'f' is not a JSON object",
        ),
    ],
)
async def test_input_that_no_agent_could_take_is_a_configuration_error(
    data: dict[str, Any], says: str
) -> None:
    async with serving(CopilotRuntime(agents={"default": Recorder()})) as client:
        error = await refused(client, chat(**data))
    assert error["message"].startswith(says)
    assert error["extensions"]["code"] == "CONFIGURATION_ERROR"
    assert error["extensions"]["runtimeCode"] == "INVALID_INPUT"


async def test_a_busy_thread_is_told_as_an_error_of_the_second_request() -> None:
    agent = Endless()
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        first = asyncio.create_task(client.post(PATH, json=chat()))
        await agent.speaking.wait()
        error = await refused(client, chat())
        agent.released.set()
        await first
    assert error["extensions"]["runtimeCode"] == "THREAD_BUSY"


async def test_a_caller_whom_nobody_knows_gets_nothing() -> None:
    runtime = CopilotRuntime(agents={"default": Recorder()}, authenticate=lambda request: None)
    async with serving(runtime) as client:
        for asked in (chat(), {"query": "{ hello }"}, body("availableAgents", {})):
            error = await refused(client, asked)
            assert error["extensions"]["code"] == "AUTHENTICATION_ERROR"


async def test_threads_are_told_to_their_owner_alone() -> None:
    def who(request: Any) -> Caller:  # noqa: ANN401  # starlette's request
        return Caller(request.headers["x-user"])

    runtime = CopilotRuntime(agents={"default": Recorder()}, authenticate=who)
    asked = body("loadAgentState", {"data": {"threadId": "thread-1", "agentName": "default"}})
    async with serving(runtime) as client:
        await answered(client, chat(), **{"x-user": "ann"})
        exists = {}
        for name in ("ann", "bob"):
            loaded = await client.post(PATH, json=asked, headers={"x-user": name})
            exists[name] = loaded.json()["data"]["loadAgentState"]["threadExists"]
    assert exists == {"ann": True, "bob": False}


async def test_an_error_of_unknown_origin_is_masked_and_logged_under_the_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def who(request: object) -> Caller:
        raise RuntimeError("/srv/secret is gone")

    runtime = CopilotRuntime(agents={"default": Recorder()}, authenticate=who)
    async with serving(runtime) as client:
        response = await client.post(PATH, json=chat(), headers={"x-request-id": "r-9"})
    assert response.status_code == 200
    assert "secret" not in response.text
    assert response.json()["errors"][0]["extensions"]["requestId"] == "r-9"
    assert "r-9" in caplog.text
    assert "/srv/secret is gone" in caplog.text


async def closed_after_a_word(client: httpx.AsyncClient, agent: Endless) -> None:
    async with client.stream("POST", PATH, json=chat()) as response:
        async for chunk in response.aiter_bytes():
            if b"Well" in chunk:
                return


async def test_closing_the_connection_stops_the_run() -> None:
    agent = Endless()
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        await closed_after_a_word(client, agent)
        await agent.cancelled.wait()


async def test_closing_the_connection_stops_the_run_also_while_nothing_is_written() -> None:
    agent = Endless()
    asked = chat()
    asked["query"] = asked["query"].replace("@stream", "").replace("@defer", "")
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        waiting = asyncio.create_task(client.post(PATH, json=asked))
        await agent.speaking.wait()
        waiting.cancel()
        await agent.cancelled.wait()


async def test_a_run_may_outlive_its_connection() -> None:
    agent = Endless()
    runtime = CopilotRuntime(agents={"default": agent}, options=Options(stop_on_disconnect=False))
    async with serving(runtime) as client:
        await closed_after_a_word(client, agent)
        agent.released.set()
        asked = {"data": {"threadId": "thread-1", "agentName": "default"}}
        async for batch in runtime.threads.follow("thread-1", Caller("anonymous")):
            if batch.records[-1].event["type"] == "RUN_FINISHED":
                break
        loaded = (await client.post(PATH, json=body("loadAgentState", asked))).json()
    assert "Well" in loaded["data"]["loadAgentState"]["messages"]
    assert not agent.cancelled.is_set()


async def test_who_asks_for_nothing_that_comes_late_does_not_wait_for_it() -> None:
    agent = Endless()
    asked = chat()
    asked["query"] = (
        "mutation generateCopilotResponse($data: GenerateCopilotResponseInput!)"
        " { generateCopilotResponse(data: $data) { threadId } }"
    )
    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        response = await client.post(PATH, json=asked)
        await agent.speaking.wait()
        agent.released.set()
    assert response.json() == {"data": {"generateCopilotResponse": {"threadId": "thread-1"}}}
