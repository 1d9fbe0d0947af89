"""Agents as tools of MCP, by its official client in both generations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from ag_ui.core import RunAgentInput
from mcp import MCPError
from mcp.types import CallToolResult

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.runtime.worlds import text
from tests.wires.mcp.serving import (
    GENERATIONS,
    MAY_I,
    NEW,
    OLD,
    Asker,
    User,
    a_runtime,
    client_of,
    serving,
)
from tests.wires.openai.serving import Held

pytestmark = pytest.mark.parametrize("generation", GENERATIONS)


def words(result: CallToolResult) -> str:
    return "\n".join(each.text for each in result.content if each.type == "text")


def about(result: CallToolResult) -> dict[str, Any]:
    found: dict[str, Any] = result.structured_content
    return found


async def test_each_agent_is_a_tool(generation: str) -> None:
    runtime = a_runtime(**{"my agent": Asker()})
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        listed = (await client.list_tools()).tools
    assert [each.title for each in listed] == ["default", "my agent"]
    assert listed[0].name == "default"
    assert listed[0].description == "Echoes"
    assert listed[1].name.startswith("my_agent")
    assert sorted(listed[0].input_schema["properties"]) == ["answer", "message", "threadId"]


async def test_a_call_is_answered_with_what_the_agent_says(generation: str) -> None:
    async with serving(a_runtime()) as origin, client_of(origin, generation) as client:
        result = await client.call_tool("default", {"message": "hi"})
    assert words(result) == "1: hi"
    assert about(result)["text"] == "1: hi"
    assert about(result)["outcome"] == "success"
    assert not result.is_error


async def test_a_conversation_goes_on_by_its_thread(generation: str) -> None:
    async with serving(a_runtime()) as origin, client_of(origin, generation) as client:
        first = await client.call_tool("default", {"message": "hi"})
        thread = about(first)["threadId"]
        second = await client.call_tool("default", {"message": "and?", "threadId": thread})
        other = await client.call_tool("default", {"message": "new"})
    assert words(second) == "2: and?"
    assert about(second)["threadId"] == thread
    assert words(other) == "1: new"


async def test_progress_holds_the_text_so_far(generation: str) -> None:
    more = asyncio.Event()

    async def slow(request: RunAgentInput) -> AsyncIterator[Event]:
        start, first, last, end = text("m1", "Hello", " world")
        yield start
        yield first
        await more.wait()
        yield last
        yield end

    notes: list[tuple[float, str | None]] = []

    async def note(progress: float, total: float | None, message: str | None) -> None:
        notes.append((progress, message))
        if message == "Hello":
            more.set()

    async with serving(a_runtime(slow=slow)) as origin, client_of(origin, generation) as client:
        result = await client.call_tool("slow", {"message": "go"}, progress_callback=note)
    assert words(result) == "Hello world"
    assert next(message for _, message in notes if message) == "Hello"
    assert [progress for progress, _ in notes] == sorted({progress for progress, _ in notes})


async def test_a_call_that_is_cancelled_stops_its_run(generation: str) -> None:
    held = Held()
    runtime = a_runtime(held=held)
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        call = asyncio.create_task(client.call_tool("held", {"message": "go"}))
        await held.reached.wait()
        call.cancel()
        await asyncio.wait((call,))
        await held.closed.wait()
    assert call.cancelled()


async def test_a_question_is_put_to_the_user_and_its_answer_taken(generation: str) -> None:
    asker, user = Asker(), User(content={"approved": True})
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, generation, user=user) as client,
    ):
        result = await client.call_tool("asker", {"message": "book"})
    assert words(result) == "Well.\n\nBooked."
    assert asker.answers == [("i1", "resolved", {"approved": True})]
    [form] = user.forms
    assert form.message == "May I book?"
    assert form.requested_schema["properties"] == {"approved": {"type": "boolean"}}


@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_a_question_that_is_declined_is_cancelled(generation: str, action: str) -> None:
    asker, user = Asker(), User(action)
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, generation, user=user) as client,
    ):
        result = await client.call_tool("asker", {"message": "book"})
    assert words(result).endswith("Then not.")
    assert [status for _, status, _ in asker.answers] == ["cancelled"]


async def test_several_questions_are_one_form(generation: str) -> None:
    other = {"id": "i2", "reason": "input_required", "message": "Which seat?"}
    asker = Asker(MAY_I, other)
    user = User(content={"approved_1": True, "answer_2": "aisle"})
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, generation, user=user) as client,
    ):
        await client.call_tool("asker", {"message": "book"})
    assert user.forms[0].message == "May I book?\nWhich seat?"
    assert asker.answers == [
        ("i1", "resolved", {"approved": True}),
        ("i2", "resolved", "aisle"),
    ]


async def test_a_client_that_cannot_ask_learns_how_to_go_on(generation: str) -> None:
    asker = Asker()
    async with (
        serving(a_runtime(asker=asker)) as origin,
        client_of(origin, generation) as client,
    ):
        first = await client.call_tool("asker", {"message": "book"})
        thread = about(first)["threadId"]
        answer = {"threadId": thread, "answer": {"approved": True}}
        second = await client.call_tool("asker", answer)
        third = await client.call_tool("asker", answer)
    assert about(first)["outcome"] == "interrupt"
    assert about(first)["interrupts"] == [MAY_I]
    assert "May I book?" in words(first)
    assert thread in words(first)
    assert words(second) == "Booked."
    assert asker.answers == [("i1", "resolved", {"approved": True})]
    assert third.is_error
    assert "nothing waits" in words(third)


async def test_a_run_that_fails_is_a_result_with_its_message(generation: str) -> None:
    async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
        for event in text("m1", "Hel"):
            yield event
        raise ModelFailure("UNAVAILABLE", "the model broke off")

    runtime = a_runtime(failing=failing)
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        result = await client.call_tool("failing", {"message": "go"})
    assert result.is_error
    assert words(result) == "Hel\nthe model broke off"
    assert about(result)["code"] == "MODEL_UNAVAILABLE"


async def test_a_tool_that_is_not_there_is_an_error_of_the_protocol(generation: str) -> None:
    async with serving(a_runtime()) as origin, client_of(origin, generation) as client:
        with pytest.raises(MCPError, match="Unknown tool: nobody") as caught:
            await client.call_tool("nobody", {"message": "go"})
    assert caught.value.code == -32602


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({}, "message"),
        ({"message": 5}, "message: give a text"),
        ({"message": "hi", "thread": "t"}, "there is no argument 'thread'"),
        ({"message": "hi", "threadId": "nowhere"}, "nowhere"),
        ({"message": "hi", "threadId": "a\nb"}, "threadId"),
        ({"answer": True}, "threadId"),
        ({"answer": True, "message": "x", "threadId": "t"}, "either"),
    ],
)
async def test_arguments_that_make_no_call_are_a_result_that_says_why(
    generation: str, arguments: dict[str, Any], problem: str
) -> None:
    async with serving(a_runtime()) as origin, client_of(origin, generation) as client:
        result = await client.call_tool("default", arguments)
    assert result.is_error
    assert problem in words(result)


async def test_a_thread_is_its_owners_alone(generation: str) -> None:
    asker = Asker()
    async with serving(a_runtime(asker=asker)) as origin:
        async with client_of(origin, generation) as ann:
            first = await ann.call_tool("asker", {"message": "book"})
        thread = about(first)["threadId"]
        async with client_of(origin, generation, "bob") as bob:
            said = await bob.call_tool("asker", {"message": "hi", "threadId": thread})
            answered = await bob.call_tool("asker", {"threadId": thread, "answer": True})
    assert said.is_error
    assert answered.is_error
    assert words(said) == words(answered)
    assert asker.answers == []


async def test_what_a_caller_may_not_do_is_refused(generation: str) -> None:
    def authorize(caller: object, access: str, resource: object) -> bool:
        return access not in {"start"}

    runtime = CopilotRuntime({"default": Asker()}, authorize=authorize)
    async with serving(runtime) as origin, client_of(origin, generation) as client:
        assert (await client.list_tools()).tools != []
        with pytest.raises(MCPError) as caught:
            await client.call_tool("default", {"message": "hi"})
    assert caught.value.data == {"code": "FORBIDDEN"}


async def test_the_generation_is_the_one_that_the_client_chose(generation: str) -> None:
    async with serving(a_runtime()) as origin, client_of(origin, generation) as client:
        assert client.session.protocol_version == {OLD: "2025-11-25", NEW: "2026-07-28"}[generation]
        assert client.session.instructions is not None
