"""A chat on a thread: the same thread that a page of CopilotKit opens."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from agui_runtime import CopilotRuntime, OpenAIWire
from agui_runtime.core.events import ANONYMOUS, Message
from agui_runtime.core.fold import fold
from tests.runtime.worlds import call, text
from tests.wires.agui.serving import events, run_body
from tests.wires.openai.serving import TOOL, Recorder, client_of, serving, thought, two_calls, user

ON_T1 = {"x-thread-id": "t1"}


async def chat(client: Any, *messages: Any, **more: Any) -> Any:  # noqa: ANN401  # JSON
    answer = await client.chat.completions.create(model="default", messages=[*messages], **more)
    return answer.choices[0].message


async def stored(runtime: CopilotRuntime, thread: str = "t1") -> list[Message]:
    records = await runtime.threads.read(thread, ANONYMOUS)
    return fold(record.event for record in records).messages


def spoken(messages: list[Message]) -> list[tuple[str, object]]:
    return [(each["role"], each.get("content")) for each in messages]


HI, HELLO, MORE = ("user", "hi"), ("assistant", "Hello world"), ("user", "more")


async def test_a_chat_without_a_thread_leaves_no_trace() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        await chat(client, user("hi"))
        assert (await runtime.threads.list(ANONYMOUS)).threads == []


@pytest.mark.parametrize("named", ["header", "metadata", "front end"])
async def test_a_chat_goes_on_in_the_thread_that_it_names(named: str) -> None:
    headers = {"header": ON_T1, "front end": {"x-openwebui-chat-id": "t1"}}.get(named, {})
    more: Any = {"metadata": {"thread_id": "t1"}} if named == "metadata" else {}
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with client_of(runtime, headers=headers) as client:
        first = await chat(client, user("hi"), **more)
        await chat(client, user("hi"), first, user("more"), **more)
        assert spoken(await stored(runtime)) == [HI, HELLO, MORE, HELLO]
    assert agent.messages == [HI, HELLO, MORE]


async def test_which_headers_name_threads_is_the_operators_to_say() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    wire = OpenAIWire(thread_headers=("X-Chat",))
    async with client_of(runtime, wire, headers={"x-chat": "t2", "x-thread-id": "t1"}) as client:
        await chat(client, user("hi"))
        assert spoken(await stored(runtime, "t2")) == [HI, HELLO]


async def test_a_page_of_copilotkit_opens_the_same_thread_and_goes_on_in_it() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with (
        serving(runtime) as origin,
        httpx.AsyncClient(base_url=f"{origin}/copilotkit") as page,
        openai.AsyncOpenAI(
            base_url=f"{origin}/v1", api_key="k", max_retries=0, default_headers=ON_T1
        ) as client,
    ):
        first = await chat(client, user("hi"))
        opened = await page.post("/agent/default/connect", json=run_body(thread="t1"))
        shown = fold(events(opened.text)).messages
        assert spoken(shown) == [HI, HELLO]
        sent = [*shown, {"id": "u2", "role": "user", "content": "more"}]
        await page.post("/agent/default/run", json=run_body(thread="t1", messages=sent))
        # The client has not seen what the page did.
        await chat(client, user("hi"), first, user("other"))
        assert spoken(await stored(runtime))[:4] == [HI, HELLO, ("user", "other"), HELLO]
    assert agent.messages == [HI, HELLO, ("user", "other")]


async def test_a_request_that_does_not_go_on_from_the_thread_is_none_of_its_turns() -> None:
    """A front end asks for a title with the header that all of its requests have."""
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime, headers=ON_T1) as client:
        await chat(client, user("hi"))
        titled = await chat(client, user("Find a title for: hi"))
        assert titled.content == "Hello world"
        assert spoken(await stored(runtime)) == [HI, HELLO]


async def test_a_question_that_is_sent_again_is_answered_anew() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime, headers=ON_T1) as client:
        await chat(client, user("hi"))
        await chat(client, user("hi"))
        assert spoken(await stored(runtime)) == [HI, HELLO]


async def test_a_question_that_was_edited_takes_the_place_of_the_old_one() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime, headers=ON_T1) as client:
        first = await chat(client, user("hi"))
        await chat(client, user("hi"), first, user("more"))
        await chat(client, user("hi"), first, user("less"))
        assert spoken(await stored(runtime)) == [HI, HELLO, ("user", "less"), HELLO]


async def test_tools_that_the_server_carried_out_are_in_the_thread_and_come_back_to_the_agent() -> (
    None
):
    """The client never saw them."""
    result = {"type": "TOOL_CALL_RESULT", "messageId": "t", "toolCallId": "c1", "content": "42"}
    played = [*text("m1", "One."), *call("c1", "look", "{}"), result, *text("m2", "Two.")]
    runtime = CopilotRuntime({"default": (agent := Recorder(*played))})
    async with client_of(runtime, headers=ON_T1) as client:
        first = await chat(client, user("hi"))
        assert first.content == "One.\n\nTwo."
        await chat(client, user("hi"), first, user("more"))
    roles = [role for role, _ in agent.messages]
    assert (roles[0], roles[-1]) == ("user", "user")
    assert "tool" in roles
    assert roles.count("user") == 2


async def test_results_of_the_clients_tools_are_in_the_thread() -> None:
    agents = {"default": Recorder(*thought("Hm."), *two_calls()), "after": (after := Recorder())}
    runtime = CopilotRuntime(agents)
    async with client_of(runtime, headers=ON_T1) as client:
        first = await chat(client, user("hi"), tools=[TOOL])
        results = [
            {"role": "tool", "tool_call_id": each.id, "content": "sunny"}
            for each in first.tool_calls
        ]
        await client.chat.completions.create(
            model="after", messages=[user("hi"), first, *results], tools=[TOOL]
        )
        roles = [each["role"] for each in await stored(runtime) if each["role"] != "reasoning"]
    assert roles.count("tool") == 2
    assert roles.count("user") == 1
    answered = [each for each in after.requests[0].messages if each.role == "tool"]
    assert [each.content for each in answered] == ["sunny", "sunny"]


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ([("x-thread-id", "t1"), ("X-Thread-Id", "t2")], {}),
        ([("x-thread-id", "t1"), ("x-openwebui-chat-id", "t2")], {}),
        ([("x-thread-id", "t1")], {"metadata": {"thread_id": "t2"}}),
    ],
)
async def test_a_chat_that_names_two_threads_is_refused(
    headers: list[tuple[str, str]], more: dict[str, Any]
) -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    body = {"model": "default", "messages": [user("hi")], **more}
    async with serving(runtime) as origin, httpx.AsyncClient(base_url=origin) as client:
        answer = await client.post("/v1/chat/completions", json=body, headers=headers)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "metadata.thread_id")
        assert (await runtime.threads.list(ANONYMOUS)).threads == []
        same = [("x-thread-id", "t1"), ("X-Thread-Id", "t1")]
        body["metadata"] = {"thread_id": "t1"}
        answer = await client.post("/v1/chat/completions", json=body, headers=same)
        assert answer.status_code == 200
