"""Calls that the server carries out itself, as OpenAI's own Python client has them."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime import CopilotRuntime
from agui_runtime.core.call_results import has_failed
from tests.runtime.worlds import call
from tests.wires.openai.server_calls import FAILURE, acting, steps
from tests.wires.openai.serving import Recorder, client_of
from tests.wires.openai.test_responses import TOOLS, respond, thread_of


def of_item(events: list[Any], number: int) -> list[str]:
    """The types of the events about that item of the output."""
    return [each.type for each in events if getattr(each, "output_index", None) == number]


async def test_the_stream_helper_sees_each_step_of_a_call() -> None:
    async with client_of(CopilotRuntime({"default": acting()})) as client:
        async with client.responses.stream(model="default", input="hi") as stream:
            events = [event async for event in stream]
            final = await stream.get_final_response()
        found = await client.responses.retrieve(final.id)
    assert (of_item(events, 1), of_item(events, 2)) == (steps("completed"), steps("failed"))
    _, looked, failed, _ = final.output
    assert (looked.status, looked.arguments, looked.output, looked.error) == (
        *("completed", '{"at":"1"}', "42", None),
    )
    assert (failed.status, failed.arguments, failed.output, failed.error) == (
        *("failed", '{"at":"2"}', None, FAILURE),
    )
    assert found.output[1:3] == [looked, failed]
    added = next(each for each in events if getattr(each, "output_index", None) == 1)
    assert (added.item.status, added.item.arguments, added.item.output) == ("in_progress", "", None)


async def test_a_client_that_comes_back_sees_the_same_steps() -> None:
    async with client_of(CopilotRuntime({"default": acting()})) as client:
        events = [event async for event in await respond(client, stream=True)]
        whole = [each.model_dump() for each in events]
        id_ = events[0].response.id
        begun = [each for each in events if each.type == "response.mcp_call.in_progress"]
        for after in (-1, *(each.sequence_number for each in begun)):
            more = {} if after < 0 else {"starting_after": after}
            again = await client.responses.retrieve(id_, stream=True, **more)
            rest = [event.model_dump() async for event in again]
            assert rest[2 if after < 0 else 0 : -1] == [
                each for each in whole[2:-1] if each["sequence_number"] > after
            ]


async def test_each_step_comes_on_a_socket_too() -> None:
    async with client_of(CopilotRuntime({"default": acting()})) as client:
        over_http = [event.type async for event in await respond(client, stream=True)]
        async with client.responses.connect() as connection:
            await connection.response.create(model="default", input="hi")
            over_socket = []
            async for event in connection:
                over_socket.append(event.type)
                if event.type == "response.completed":
                    break
    assert over_socket == over_http


async def test_a_client_may_send_back_what_the_server_carried_out() -> None:
    runtime = CopilotRuntime({"default": (agent := acting())})
    async with client_of(runtime) as client:
        response = await respond(client, tools=TOOLS)
        items = [item.model_dump(exclude_none=True) for item in response.output]
        await respond(client, [{"role": "user", "content": "hi"}, *items], store=False)
        thread = thread_of(response)
        listed = await client.conversations.items.list(thread, order="asc")
    given = agent.requests[-1].messages
    assert [each.content for each in given if each.role == "tool"] == ["42", FAILURE]
    calls = [item.model_dump() for item in listed.data if item.type == "mcp_call"]
    assert calls == [item.model_dump() for item in response.output[1:3]]


async def test_a_call_that_a_client_sends_back_as_failed_has_failed() -> None:
    about = {"type": "mcp_call", "server_label": "agui", "name": "look", "arguments": "{}"}
    ends = [
        {"error": "no such place"},
        {"status": "failed", "output": "half of it"},
        {"status": "failed"},
        {"status": "completed", "output": "42"},
    ]
    items = [{**about, "id": f"c{number}", **end} for number, end in enumerate(ends)]
    runtime = CopilotRuntime({"default": (agent := acting())})
    async with client_of(runtime) as client:
        await respond(client, [*items, {"role": "user", "content": "hi"}], store=False)
    results = [each for each in agent.requests[-1].messages if each.role == "tool"]
    assert [each.content for each in results] == ["no such place", "half of it", "", "42"]
    assert [bool(each.error) for each in results] == [True, True, True, False]


async def test_a_call_that_a_stop_cuts_off_has_failed() -> None:
    agent = Recorder(*call("c1", "look", "{}"), {"type": "RUN_ERROR", "message": "it broke off"})
    async with client_of(CopilotRuntime({"default": agent})) as client:
        events = [event async for event in await respond(client, stream=True)]
    assert of_item(events, 0) == steps("failed")
    assert events[-1].type == "response.failed"


@pytest.mark.parametrize(
    ("result", "failed"),
    [
        ({"content": "42"}, False),
        ({"content": '{"error": "of the world"}'}, False),
        ({"content": [], "metadata": {"state": "success"}}, False),
        ({"content": FAILURE}, True),
        ({"content": "", "error": "no"}, True),
        ({"content": "", "metadata": {"cut": "stopped"}}, True),
        *(
            ({"content": "no", "metadata": {"state": each}}, True)
            for each in ("error", "denied", "interrupted")
        ),
    ],
)
def test_results_say_whether_their_call_came_to_something(result: Any, failed: bool) -> None:  # noqa: ANN401  # JSON
    assert has_failed(result) is failed
