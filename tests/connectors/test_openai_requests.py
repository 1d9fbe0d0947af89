"""What a model is asked: the conversation, the tools, and what a front end may choose."""

from __future__ import annotations

from typing import Any

import httpx
import orjson
import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.connectors.openai import OPENAI, ChatOptions, OpenAIAgent
from agui_runtime.core.events import Message
from tests.connectors.talk import Internet, all_events, ask, tool, user
from tests.fakes.model import ModelServer

SYSTEM = {"id": "s1", "role": "system", "content": "Be brief."}


async def asked(
    request: RunAgentInput, options: ChatOptions | None = None, instructions: str | None = None
) -> dict[str, Any]:
    """The body that reaches a server which is not OpenAI's."""
    async with ModelServer() as model:
        agent = OpenAIAgent(
            "m", base_url=f"{model.url}/", options=options, instructions=instructions
        )
        await all_events(agent, request)
        await agent.close()
    assert [seen.path for seen in model.seen] == ["/v1/chat/completions"]
    return model.seen[0].body


async def roles_at_openai(options: ChatOptions | None = None) -> list[str]:
    internet = Internet(b'data: {"choices": [{"finish_reason": "stop"}]}\n\n')
    async with httpx.AsyncClient(transport=internet) as client:
        agent = OpenAIAgent("gpt-4o-mini", api_key="sk-1", client=client, options=options)
        await all_events(agent, ask(SYSTEM, "hi"))
    assert str(internet.requests[0].url) == f"{OPENAI}/chat/completions"
    return [message["role"] for message in orjson.loads(internet.requests[0].content)["messages"]]


async def test_a_plain_question() -> None:
    assert await asked(ask("hi")) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_the_conversation_with_its_tool_calls() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q":1}'}}
    conversation: list[Message] = [
        SYSTEM,
        user("find it"),
        {"id": "x1", "role": "reasoning", "content": "hm"},
        {"id": "a1", "role": "assistant", "toolCalls": [call]},
        {"id": "x2", "role": "activity", "activityType": "search", "content": {}},
        {"id": "t1", "role": "tool", "toolCallId": "c1", "content": "found"},
        {"id": "a2", "role": "assistant", "content": "Here."},
        user("thanks", "u2"),
    ]
    body = await asked(ask(*conversation))

    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "find it"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "assistant", "content": "Here."},
        {"role": "user", "content": "thanks"},
    ]


async def test_a_call_that_nobody_answered_is_answered() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": ""}}
    body = await asked(ask({"id": "a1", "role": "assistant", "toolCalls": [call]}, "go on"))

    assert [message["role"] for message in body["messages"]] == ["assistant", "tool", "user"]
    assert body["messages"][0]["tool_calls"][0]["function"]["arguments"] == "{}"


async def test_instructions_come_first_and_context_only_when_wanted() -> None:
    context = [{"description": "The user's name", "value": "Ada"}]
    request = ask(SYSTEM, "hi", context=context)

    plain = await asked(request, instructions="You sell books.")
    full = await asked(request, ChatOptions(include_context=True), "You sell books.")

    prompts = [message["content"] for message in plain["messages"]]
    assert prompts == ["You sell books.", "Be brief.", "hi"]
    assert [message["content"] for message in full["messages"]] == [
        "You sell books.",
        "What the application tells about itself:\n- The user's name: Ada",
        "Be brief.",
        "hi",
    ]


async def test_context_is_told_where_the_page_has_no_prompt_of_its_own() -> None:
    context = [{"description": "The user's name", "value": "Ada"}]
    given = await asked(ask("hi", context=context))
    without = await asked(ask("hi", context=context), ChatOptions(include_context=False))

    assert [message["role"] for message in given["messages"]] == ["system", "user"]
    assert "The user's name: Ada" in given["messages"][0]["content"]
    assert [message["role"] for message in without["messages"]] == ["user"]


async def test_openai_is_sent_developer_messages() -> None:
    assert await roles_at_openai() == ["developer", "user"]
    assert await roles_at_openai(ChatOptions(keep_system_role=True)) == ["system", "user"]


async def test_other_servers_are_sent_system_messages() -> None:
    developer = {"id": "d1", "role": "developer", "content": "Be brief."}
    for options, role in (None, "system"), (ChatOptions(keep_system_role=False), "developer"):
        body = await asked(ask(developer, "hi"), options)
        assert body["messages"][0] == {"role": role, "content": "Be brief."}


async def test_images_and_other_parts() -> None:
    data = {"type": "data", "value": "AAAA", "mimeType": "image/png"}
    at_url = {"type": "url", "value": "http://localhost/a.png"}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "What is this?"},
        {"type": "image", "source": data},
        {"type": "image", "source": at_url},
        {"type": "video", "source": at_url},
        {"type": "audio", "source": {**data, "mimeType": "audio/mpeg"}},
        {"type": "audio", "source": {**data, "mimeType": "audio/x-wav"}},
        {
            "type": "document",
            "source": {**data, "mimeType": "application/pdf"},
            "metadata": {"filename": "a.pdf"},
        },
        {"type": "document", "source": {"type": "file", "value": "file-1", "provider": "openai"}},
        {"type": "audio", "source": at_url},
    ]
    body = await asked(ask(user(parts)))

    pdf = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "http://localhost/a.png"}},
        {"type": "video_url", "video_url": {"url": "http://localhost/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": pdf},
        {"type": "file", "file": {"file_id": "file-1"}},
        {
            "type": "text",
            "text": "[attachment http://localhost/a.png could not be passed to this model]",
        },
    ]


async def test_a_tool_result_of_parts_is_put_into_words() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    picture = {"type": "data", "value": "AAAA", "mimeType": "image/png"}
    parts = [{"type": "text", "text": "a bird"}, {"type": "image", "source": picture}]
    result = {"id": "t1", "role": "tool", "toolCallId": "c1", "content": parts}
    body = await asked(ask({"id": "a1", "role": "assistant", "toolCalls": [call]}, result))

    words = "[attachment image (image/png, 3 bytes) could not be passed to this model]"
    assert body["messages"][1]["content"] == f"a bird\n{words}"


async def test_tools_are_offered() -> None:
    bare = {"name": "stop", "description": "stops"}
    body = await asked(ask("hi", tools=[tool("find"), bare]))

    assert body["tools"] == [
        {
            "type": "function",
            "function": {
                "name": "find",
                "description": "does find",
                "parameters": {"type": "object"},
            },
        },
        {
            "type": "function",
            "function": {
                "name": "stop",
                "description": "stops",
                "parameters": {"type": "object", "properties": {}},
            },
        },
    ]
    assert "tool_choice" not in body


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"toolChoice": "auto"}, "auto"),
        ({"toolChoice": "none"}, "none"),
        ({"toolChoice": "required"}, "required"),
        (
            {"toolChoice": "function", "toolChoiceFunctionName": "find"},
            {"type": "function", "function": {"name": "find"}},
        ),
        (
            {"toolChoice": {"type": "function", "function": {"name": "find"}}},
            {"type": "function", "function": {"name": "find"}},
        ),
        ({"toolChoice": "function"}, None),
        ({"toolChoice": {"type": "function"}}, None),
        ({"toolChoice": {"type": "function", "function": {"name": 3}}}, None),
        ({"toolChoice": "whatever"}, None),
        ({"toolChoice": None}, None),
    ],
)
async def test_the_choice_of_a_tool(choice: dict[str, Any], sent: object) -> None:
    body = await asked(ask("hi", tools=[tool("find")], forwardedProps=choice))
    assert body.get("tool_choice") == sent


async def test_a_choice_without_tools_is_not_sent() -> None:
    assert "tool_choice" not in await asked(ask("hi", forwardedProps={"toolChoice": "required"}))


async def test_what_the_front_end_chooses_goes_before_the_defaults() -> None:
    options = ChatOptions(extra={"temperature": 1, "seed": 5})
    forwarded = {"temperature": 0, "maxTokens": 50, "stop": ["END"], "theme": "dark"}
    body = await asked(ask("hi", forwardedProps=forwarded), options)

    chosen = {key: body[key] for key in body.keys() - {"model", "messages", "stream"}}
    assert chosen == {
        "stream_options": {"include_usage": True},
        "temperature": 0,
        "seed": 5,
        "max_completion_tokens": 50,
        "stop": ["END"],
    }


@pytest.mark.parametrize(
    "forwarded",
    [
        None,
        "text",
        {"temperature": None, "maxTokens": None, "stop": None, "model": None},
        {"temperature": True, "maxTokens": "9", "stop": [], "model": ["m2"]},
    ],
)
async def test_nothing_is_chosen_by_nonsense(forwarded: object) -> None:
    body = await asked(ask("hi", forwardedProps=forwarded), ChatOptions(models=("m2",)))
    assert body == await asked(ask("hi"))


async def test_older_servers_call_the_most_tokens_otherwise() -> None:
    options = ChatOptions(max_tokens_field="max_tokens")
    assert (await asked(ask("hi", forwardedProps={"maxTokens": 5}), options))["max_tokens"] == 5


@pytest.mark.parametrize(
    ("models", "wanted", "used"),
    [
        (None, "m2", "m2"),
        (None, "elsewhere/m2", "m"),
        (None, "m2\n", "m"),
        (None, "", "m"),
        (("m2",), "m2", "m2"),
        (("m2",), "dearest", "m"),
        ((), "m2", "m"),
    ],
)
async def test_a_front_end_chooses_only_among_the_models_it_may(
    models: tuple[str, ...] | None, wanted: str, used: str
) -> None:
    options = ChatOptions(models=models)
    assert (await asked(ask("hi", forwardedProps={"model": wanted}), options))["model"] == used


async def test_the_key_and_further_headers() -> None:
    async with ModelServer() as model:
        agent = OpenAIAgent(
            "m", api_key=" sk-1\n", base_url=model.url, headers={"x-title": "Books"}
        )
        await all_events(agent, ask("hi"))
        await agent.close()

    assert model.seen[0].auth == "Bearer sk-1"
    assert model.seen[0].headers["x-title"] == "Books"


async def test_without_a_key_no_authorization_is_sent() -> None:
    async with ModelServer() as model:
        agent = OpenAIAgent("m", base_url=model.url)
        await all_events(agent, ask("hi"))
        await agent.close()

    assert model.seen[0].auth is None
