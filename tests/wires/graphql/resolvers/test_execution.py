"""`executeAgent`: a run to its end in one answer, with everything that it did and cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.openai import OpenAIAgent, Patience
from agui_runtime.core.events import FAILED_OVER, HANDED_OVER, RETRIED, Event
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from tests.fakes.model import ModelServer
from tests.wires.graphql.runs import FINISHED, call, custom, event, open_text, say, text
from tests.wires.graphql.serving import PATH, ask, serving, user

EXECUTE = """mutation ($data: ExecuteAgentInput!) {
  executeAgent(data: $data) {
    threadId runId agentName state
    status { ... on BaseResponseStatus { code } ... on FailedResponseStatus { reason details } }
    messages {
      __typename
      ... on TextMessageOutput { content role }
      ... on ActionExecutionMessageOutput { name arguments }
      ... on ResultMessageOutput { actionName result }
    }
    metaEvents {
      __typename
      ... on LangGraphInterruptEvent { value }
      ... on MetaEventResponse { event status timing code message runId }
    }
    usage { inputTokens outputTokens totalTokens reasoningTokens cachedInputTokens }
    timing { startedAt endedAt durationMilliseconds firstOutputMilliseconds }
  }
}"""


async def execute(client: httpx.AsyncClient, **data: Any) -> Any:  # noqa: ANN401  # any JSON
    answer = await ask(client, EXECUTE, {"data": {"messages": [user("u1", "Hi")]} | data})
    assert "errors" not in answer, answer["errors"]
    return answer["data"]["executeAgent"]


def told(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """What the runtime told of itself."""
    return [
        (each["event"], each["status"], each["timing"])
        for each in answer["metaEvents"]
        if each["__typename"] == "MetaEventResponse"
    ]


async def test_a_run_is_answered_as_a_whole_with_what_it_cost() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Hello ", "there"):
            yield each
        yield event("STATE_SNAPSHOT", snapshot={"seen": request.messages[-1].content})
        counts = {"inputTokens": 10, "outputTokens": 4, "reasoningTokens": 1}
        usage = [counts, {"inputTokens": 5, "outputTokens": 1, "cachedInputTokens": 3}]
        yield FINISHED | {"usage": usage}

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await execute(client, threadId="thread-1")
    assert (answer["threadId"], answer["agentName"]) == ("thread-1", "default")
    assert answer["status"] == {"code": "Success"}
    assert answer["messages"][0]["content"] == ["Hello ", "there"]
    assert orjson.loads(answer["state"]) == {"seen": "Hi"}
    assert answer["usage"] == {
        "inputTokens": 15,
        "outputTokens": 5,
        "totalTokens": 20,
        "reasoningTokens": 1,
        "cachedInputTokens": 3,
    }
    timing = answer["timing"]
    assert timing["startedAt"] <= timing["endedAt"]
    assert 0 <= timing["firstOutputMilliseconds"] <= timing["durationMilliseconds"]
    assert told(answer) == [
        ("Started", "Running", "BeforeAnswer"),
        ("Finished", "Finished", "AfterAnswer"),
    ]
    assert {each["runId"] for each in answer["metaEvents"]} == {answer["runId"]}


async def test_the_agent_goes_on_after_server_side_actions() -> None:
    def weather(city: str) -> dict[str, object]:
        """Tells the weather."""
        return {"city": city, "degrees": 21}

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        last = request.messages[-1]
        if last.role == "tool":
            events = text("m2", f"It is {orjson.loads(str(last.content))['degrees']}")
        else:
            events = call("c1", "weather", '{"city": "Rome"}')
        for each in events:
            yield each

    runtime = CopilotRuntime(agents={"default": agent}, actions=[weather])
    async with serving(runtime) as client:
        answer = await execute(client)
    called, result, spoken = answer["messages"]
    assert (called["name"], called["arguments"]) == ("weather", ['{"city": "Rome"}'])
    assert orjson.loads(result["result"]) == {"city": "Rome", "degrees": 21}
    assert spoken["content"] == ["It is 21"]
    assert answer["usage"] is None


async def test_a_named_agent_gets_state_context_actions_parameters_and_surroundings() -> None:
    seen: list[Any] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        seen.extend([request, current_run.get()])
        for each in text("m1", "Ok"):
            yield each

    data = {
        "agentName": "writer",
        "state": '{"draft": 1}',
        "context": [{"description": "who", "value": "Ann"}],
        "actions": [{"name": "show", "description": "", "jsonSchema": "{}"}],
        "forwardedParameters": {"temperature": 0},
        "metadata": {"url": "http://page.test/", "properties": {"tenant": "a"}},
    }
    async with serving(CopilotRuntime(agents={"writer": agent})) as client:
        answer = await execute(client, **data)
    request, context = seen
    assert answer["agentName"] == "writer"
    assert answer["threadId"]
    assert request.state == {"draft": 1}
    assert [(each.description, each.value) for each in request.context] == [("who", "Ann")]
    assert [tool.name for tool in request.tools] == ["show"]
    assert request.forwarded_props["temperature"] == 0
    assert (context.url, context.properties) == ("http://page.test/", {"tenant": "a"})


async def test_a_task_leaves_no_thread() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Ok"):
            yield each

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        await execute(client, threadId="thread-1", metadata={"requestType": "Task"})
        left = await ask(client, '{ thread(id: "thread-1") { id } }')
    assert left["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_failure_is_told_in_the_status_and_as_a_meta_event() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Half")
        raise RuntimeError("/etc/secret")

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await execute(client)
    assert answer["status"]["code"] == "Failed"
    assert answer["status"]["details"]["description"] == "the agent failed"
    assert told(answer)[-1] == ("Failed", "Failed", "AfterAnswer")
    assert answer["metaEvents"][-1]["code"] == "AGENT_ERROR"
    assert "secret" not in str(answer)


async def test_retries_failovers_and_handoffs_are_told_with_when_they_happened() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield custom(RETRIED, {"message": "the provider was busy", "code": "MODEL_RATE_LIMITED"})
        yield open_text("m1")
        yield say("m1", "So")
        yield custom(FAILED_OVER, None)
        yield custom(HANDED_OVER, {"message": "billing has it", "agent": "billing"})
        yield custom("noise", {"code": "not told"})

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await execute(client)
    assert told(answer) == [
        ("Started", "Running", "BeforeAnswer"),
        ("Retried", "Running", "BeforeAnswer"),
        ("FailedOver", "Running", "DuringAnswer"),
        ("HandedOver", "Running", "DuringAnswer"),
        ("Finished", "Finished", "AfterAnswer"),
    ]
    assert answer["metaEvents"][1]["message"] == "the provider was busy"
    assert answer["metaEvents"][1]["code"] == "MODEL_RATE_LIMITED"


async def test_a_second_attempt_at_the_model_provider_is_told() -> None:
    async def at_once(seconds: float) -> None:
        pass

    with ModelServer() as model:
        agent = OpenAIAgent(
            "m", api_key="sk-test", base_url=model.url, patience=Patience(sleep=at_once)
        )
        async with serving(CopilotRuntime(agents={"default": agent})) as client:
            answer = await execute(client, messages=[user("u1", "[error:429] [times:1]")])
    assert answer["status"]["code"] == "Success"
    assert [name for name, _, _ in told(answer)] == ["Started", "Retried", "Finished"]
    assert answer["metaEvents"][1]["code"] == "MODEL_RATE_LIMITED"
    assert answer["usage"]["totalTokens"] > 0


async def test_an_interrupt_stands_before_the_end_that_it_brought() -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        interrupts = [{"id": "i1", "reason": "approve"}]
        yield FINISHED | {"outcome": {"type": "interrupt", "interrupts": interrupts}}

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        answer = await execute(client)
    kinds = [each["__typename"] for each in answer["metaEvents"]]
    assert kinds == ["MetaEventResponse", "LangGraphInterruptEvent", "MetaEventResponse"]
    assert orjson.loads(answer["metaEvents"][1]["value"])["reason"] == "approve"
    assert told(answer)[-1] == ("Interrupted", "Interrupted", "AfterAnswer")


async def test_a_stopped_run_is_a_short_answer_that_says_so() -> None:
    speaking = asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        yield open_text("m1")
        yield say("m1", "Well")
        speaking.set()
        await asyncio.Event().wait()

    runtime = CopilotRuntime(agents={"default": agent})
    async with serving(runtime) as client:
        executing = asyncio.create_task(execute(client, threadId="thread-1"))
        await speaking.wait()
        await runtime.store.log.ask_stop("thread-1")
        answer = await executing
    assert answer["status"]["code"] == "Success"
    assert answer["messages"][0]["content"] == ["Well"]
    assert told(answer)[-1] == ("Stopped", "Stopped", "AfterAnswer")


@pytest.mark.parametrize("stop", [True, False])
async def test_a_caller_who_hangs_up_stops_the_run_unless_it_may_go_on(stop: bool) -> None:
    speaking, released = asyncio.Event(), asyncio.Event()

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        speaking.set()
        await released.wait()
        for each in text("m1", "Still here"):
            yield each

    options = Options(stop_on_disconnect=stop)
    runtime = CopilotRuntime(agents={"default": agent}, options=options)
    async with serving(runtime) as client:
        executing = asyncio.create_task(execute(client, threadId="thread-1"))
        await speaking.wait()
        executing.cancel()
        if not stop:
            released.set()
        await runtime.store.log.wait_idle("thread-1")
        [run] = await runtime.store.threads.runs("thread-1")
    assert run.status == ("stopped" if stop else "finished")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"agentName": "nobody"}, "AGENT_NOT_FOUND"),
        ({"state": "{half"}, "INVALID_INPUT"),
        ({"threadId": "a\nb"}, "INVALID_INPUT"),
    ],
)
async def test_what_cannot_be_run_is_an_error(data: dict[str, str], code: str) -> None:
    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        for each in text("m1", "Ok"):
            yield each

    async with serving(CopilotRuntime(agents={"default": agent})) as client:
        asked: dict[str, Any] = {"data": {"messages": []} | data}
        response = await client.post(PATH, json={"query": EXECUTE, "variables": asked})
    answer = response.json()
    assert answer["data"] is None
    assert answer["errors"][0]["extensions"]["runtimeCode"] == code
