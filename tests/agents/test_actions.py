"""Server-side actions, as an agent that calls them and a front end that reads the run meet them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import orjson
import pytest
from ag_ui.core import RunAgentInput
from pydantic import BaseModel, Field

from agui_runtime.agents.actions import Action, action
from agui_runtime.core.errors import Misconfigured, ModelFailure
from agui_runtime.core.events import Event
from agui_runtime.runs.run import current_run
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.runtime.worlds import Panic, Scripted, asking, call, kinds, ran, text


def get_weather(
    city: Annotated[str, Field(description="The city")], unit: Literal["c", "f"] = "c"
) -> dict[str, object]:
    """Get the weather."""
    return {"city": city, "temp": 21, "unit": unit}


class Place(BaseModel):
    city: str


async def result_of(made: Action, arguments: str) -> str:
    """What the front end is told when an agent calls the action."""
    agent = Scripted(*call("c1", made.name, arguments))
    events = await ran(CopilotRuntime({"default": agent}, [made]), asking(follow_up=False))
    (result,) = [event for event in events if event["type"] == "TOOL_CALL_RESULT"]
    assert result["toolCallId"] == "c1"
    assert result["messageId"] == "result-c1"
    return str(result["content"])


async def test_an_action_is_offered_with_the_schema_of_its_parameters() -> None:
    agent = Scripted()
    await ran(CopilotRuntime({"default": agent}, [get_weather]), asking())
    (tool,) = agent.asked[0].tools or []
    assert (tool.name, tool.description) == ("get_weather", "Get the weather.")
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "The city"},
            "unit": {"type": "string", "enum": ["c", "f"], "default": "c"},
        },
        "required": ["city"],
    }


async def test_an_object_is_encoded_as_json() -> None:
    content = await result_of(action(get_weather), '{"city":"Paris"}')
    assert orjson.loads(content) == {"city": "Paris", "temp": 21, "unit": "c"}


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("plain", "plain"),
        (None, ""),
        (3, "3"),
        (True, "true"),
        (["a", 1], '["a",1]'),
    ],
)
async def test_results_of_any_type_are_told(value: object, content: str) -> None:
    assert await result_of(action(lambda: value, name="give"), "") == content


async def test_a_model_is_a_legal_parameter_and_a_legal_result() -> None:
    async def echo(place: Place) -> Place:
        return place

    assert await result_of(action(echo), '{"place":{"city":"Rome"}}') == '{"city":"Rome"}'


@pytest.mark.parametrize("blocks", [True, False])
@pytest.mark.parametrize(
    "failure", [StopIteration(), SystemExit(2), asyncio.CancelledError(), Panic()]
)
async def test_what_would_end_more_than_an_action_is_a_result(
    failure: BaseException, blocks: bool
) -> None:
    def fail() -> None:
        raise failure

    async def fail_on_the_loop() -> None:
        raise failure

    content = await result_of(action(fail if blocks else fail_on_the_loop, name="fail"), "{}")
    assert orjson.loads(content)["error"]["code"] == "HANDLER_ERROR"


async def test_an_action_that_raises_is_a_result() -> None:
    def fail() -> None:
        raise RuntimeError("kaboom")

    content = orjson.loads(await result_of(action(fail), "{}"))
    assert content == {"error": {"code": "HANDLER_ERROR", "message": "kaboom"}, "result": ""}


@pytest.mark.parametrize("arguments", ["{", "[]", '{"unit":"c"}', '{"city":"x","unit":"k"}'])
async def test_bad_arguments_are_a_result(arguments: str) -> None:
    content = orjson.loads(await result_of(action(get_weather), arguments))
    assert content["error"]["code"] == "INVALID_ARGUMENTS"


async def test_plain_functions_run_in_a_thread_and_see_their_run() -> None:
    def where() -> list[object]:
        in_main = threading.current_thread() is threading.main_thread()
        return [in_main, current_run.get().request_id]

    assert await result_of(action(where), "{}") == '[false,"req-1"]'


async def test_the_actions_of_one_step_run_side_by_side_and_answer_in_order() -> None:
    second_started = asyncio.Event()

    async def first() -> str:
        await second_started.wait()
        return "one"

    async def second() -> str:
        second_started.set()
        return "two"

    agent = Scripted(*call("c1", "first", "{}"), *call("c2", "second", "{}"))
    runtime = CopilotRuntime({"default": agent}, [first, second])
    events = await ran(runtime, asking(follow_up=False))
    assert [e["content"] for e in events if e["type"] == "TOOL_CALL_RESULT"] == ["one", "two"]


async def test_a_direct_result_is_also_the_answer() -> None:
    made = action(lambda: "direct!", name="direct", return_direct=True)
    runtime = CopilotRuntime({"default": Scripted(*call("c1", "direct", "{}"))}, [made])
    events = await ran(runtime, asking(follow_up=False))
    assert [e["delta"] for e in events if e["type"] == "TEXT_MESSAGE_CONTENT"] == ["direct!"]


class Asking:
    """Calls get_weather, then says what came back."""

    name = "asking"
    description = ""

    def __init__(self) -> None:
        self.asked: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.asked.append(request)
        last: Any = request.messages[-1]
        answer = text("m1", last.content) if last.role == "tool" else self.question()
        for event in answer:
            yield event
        yield {"type": "RUN_FINISHED", "threadId": "", "runId": "", "usage": [{"totalTokens": 1}]}

    def question(self) -> list[Event]:
        return call("c1", "get_weather", '{"city":"Rome"}')


async def test_the_agent_goes_on_with_the_results() -> None:
    agent = Asking()
    events = await ran(CopilotRuntime({"default": agent}, [get_weather]), asking())
    assert '"city":"Rome"' in "".join(event.get("delta", "") for event in events)
    assert kinds(events).count("RUN_FINISHED") == 1
    assert events[-1]["usage"] == [{"totalTokens": 1}, {"totalTokens": 1}]
    assert [message.role for message in agent.asked[1].messages] == ["user", "assistant", "tool"]


async def test_a_failure_tells_what_was_used_before_it_too() -> None:
    class Breaking(Asking):
        """Fails when it is told the result."""

        async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
            if request.messages[-1].role == "tool":
                raise ModelFailure("UNAVAILABLE", "too busy")
            async for event in super().run(request):
                yield event

    events = await ran(CopilotRuntime({"default": Breaking()}, [get_weather]), asking())
    assert events[-1]["code"] == "MODEL_UNAVAILABLE"
    assert events[-1]["usage"] == [{"totalTokens": 1}]


async def test_the_front_end_goes_on_where_it_says_so() -> None:
    agent = Asking()
    runtime = CopilotRuntime({"default": agent}, [get_weather])
    events = await ran(runtime, asking(follow_up=False))
    assert kinds(events)[-2:] == ["TOOL_CALL_RESULT", "RUN_FINISHED"]
    assert len(agent.asked) == 1


async def test_a_call_told_in_chunks_is_carried_out() -> None:
    fields = {"toolCallId": "c1", "toolCallName": "get_weather", "delta": '{"city":"Rome"}'}
    agent = Scripted({"type": "TOOL_CALL_CHUNK", **fields})
    events = await ran(CopilotRuntime({"default": agent}, [get_weather]), asking(follow_up=False))
    assert [e["toolCallId"] for e in events if e["type"] == "TOOL_CALL_RESULT"] == ["c1"]


async def test_the_run_ends_when_the_browser_has_to_answer_a_call_too() -> None:
    agent = Scripted(*call("c1", "get_weather", '{"city":"Rome"}'), *call("c2", "browse", "{}"))
    events = await ran(CopilotRuntime({"default": agent}, [get_weather]), asking())
    assert [e["toolCallId"] for e in events if e["type"] == "TOOL_CALL_RESULT"] == ["c1"]
    assert len(agent.asked) == 1


async def test_a_call_that_the_agent_answered_itself_is_not_carried_out() -> None:
    calls: list[str] = []
    answer = {"messageId": "x", "toolCallId": "c1", "content": "own", "role": "tool"}
    agent = Scripted(*call("c1", "note", "{}"), {"type": "TOOL_CALL_RESULT", **answer})
    made = action(lambda: calls.append("carried out"), name="note")
    await ran(CopilotRuntime({"default": agent}, [made]), asking())
    assert calls == []


async def test_an_agent_that_never_stops_calling_comes_to_an_end() -> None:
    agent = Scripted(*call("c1", "get_weather", '{"city":"Rome"}'))
    events = await ran(CopilotRuntime({"default": agent}, [get_weather]), asking())
    assert kinds(events)[-1] in ("RUN_FINISHED", "RUN_ERROR")
    assert len(agent.asked) <= 10


def test_two_actions_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match="get_weather"):
        CopilotRuntime({}, [get_weather, get_weather])


def takes_a_lock(thing: threading.Event) -> None:
    """Takes what JSON cannot say."""


def takes_anything(*_: str) -> None:
    """Takes what has no name."""


@pytest.mark.parametrize("function", [takes_a_lock, takes_anything])
def test_a_function_that_cannot_be_described_is_refused(function: Callable[..., None]) -> None:
    with pytest.raises(Misconfigured, match=function.__name__):
        action(function)
