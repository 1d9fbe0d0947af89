"""Agents that state the conversation in place of streaming it: what is new in it is the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.core.events import Event
from tests.wires.openai.serving import TOOL, client_of, user
from tests.wires.openai.test_responses import TOOLS, respond

SUNNY = "sunny in Rome"


async def stating(request: RunAgentInput) -> AsyncIterator[Event]:
    """Calls the client's tool; with its result, calls one of its own and answers."""
    given = [each.model_dump(mode="json", by_alias=True) for each in request.messages]
    run = request.run_id
    if given[-1]["role"] != "tool":
        asking = {"content": "I look.", "toolCalls": [_call("get_weather", f"c-{run}")]}
        new = [_message("a1", run, asking)]
    else:
        looking = {"content": "", "toolCalls": [_call("look", f"s-{run}")]}
        result = {"id": f"r-{run}", "role": "tool", "toolCallId": f"s-{run}", "content": "42"}
        answer = _message("a3", run, {"content": given[-1]["content"]})
        new = [_message("a2", run, looking), result, answer]
    yield {"type": "MESSAGES_SNAPSHOT", "messages": [*given, *new]}


def _message(id_: str, run: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"{id_}-{run}", "role": "assistant", **fields}


def _call(name: str, id_: str) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": "{}"}}


async def test_a_stated_call_is_the_clients_once_in_a_chat() -> None:
    async with client_of(CopilotRuntime({"default": stating})) as client:

        async def chat(*messages: Any) -> Any:  # noqa: ANN401  # the client's
            made = await client.chat.completions.create(
                model="default", messages=messages, tools=[TOOL]
            )
            return made.choices[0]

        first = await chat(user("hi"))
        assert (first.finish_reason, first.message.content) == ("tool_calls", "I look.")
        [called] = first.message.tool_calls
        result = {"role": "tool", "tool_call_id": called.id, "content": SUNNY}
        second = await chat(user("hi"), first.message.model_dump(exclude_none=True), result)
    assert (second.finish_reason, second.message.content) == ("stop", SUNNY)
    assert not second.message.tool_calls


async def test_a_stated_call_is_the_clients_once_in_responses() -> None:
    async with client_of(CopilotRuntime({"default": stating})) as client:
        first = await respond(client, tools=TOOLS)
        assert [item.type for item in first.output] == ["message", "function_call"]
        assert first.output_text == "I look."
        result = {
            "type": "function_call_output",
            "call_id": first.output[1].call_id,
            "output": SUNNY,
        }
        second = await respond(client, [result], tools=TOOLS, previous_response_id=first.id)
        found = await client.responses.retrieve(second.id)
    assert [item.type for item in second.output] == ["mcp_call", "message"]
    assert (second.output[0].name, second.output[0].output) == ("look", "42")
    assert second.output_text == SUNNY
    assert found.output == second.output


async def test_a_question_of_the_agent_is_text_of_a_response() -> None:
    async def asking(request: RunAgentInput) -> AsyncIterator[Event]:
        yield {"type": "CUSTOM", "name": "on_interrupt", "value": "Shall I?"}

    async with client_of(CopilotRuntime({"default": asking})) as client:
        assert (await respond(client)).output_text == "Shall I?"
