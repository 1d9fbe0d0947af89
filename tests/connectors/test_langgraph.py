"""The agent on a LangGraph server, against what a real one (langgraph-api 0.16.7) has said.

`tests/peers` tells the same against the server itself.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from agui_runtime.connectors.langgraph import LangGraphAgent, LangGraphOptions
from agui_runtime.core.events import Caller
from tests.connectors.page import results
from tests.connectors.replayed import (
    THREAD,
    played,
    questions,
    recorded,
    snapshots,
    streamed,
    talking,
)
from tests.connectors.talk import kinds, text, user


async def test_a_thread_goes_on_and_forgets_what_is_asked_again() -> None:
    page, (first, second, again) = await played("chat")

    assert text(first) == text(again) == "You said: [reasoning:Hm.] hello"
    assert kinds(first) == [
        "RUN_STARTED",
        "STEP_STARTED",
        "REASONING_START",
        "REASONING_MESSAGE_START",
        "REASONING_MESSAGE_CONTENT",
        "REASONING_MESSAGE_END",
        "REASONING_END",
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
        "STEP_FINISHED",
        "STATE_SNAPSHOT",
        "MESSAGES_SNAPSHOT",
        "RUN_FINISHED",
    ]
    assert snapshots(second) == [{"steps": 1}, {"steps": 2}]
    roles = [message["role"] for message in page.messages]
    assert roles == ["user", "reasoning", "assistant"]
    [counts] = first[-1]["usage"]
    assert counts == {"provider": "script", "inputTokens": 11, "outputTokens": 7, "totalTokens": 18}


async def test_an_interrupt_asks_until_an_older_page_answers() -> None:
    _, (question, again, answered) = await played("interrupt")

    assert questions(question) == questions(again) == ['{"question":"May I look?","city":"Oslo"}']
    assert list(results(answered).values()) == ["sunny in Oslo"]
    assert {"type": "CUSTOM", "name": "looked", "value": "yes"} in answered
    assert text(answered) == "Tool result: sunny in Oslo"


async def test_interrupts_side_by_side_are_all_told_and_answered_by_their_ids() -> None:
    _, (question, answered) = await played("two-interrupts")

    values = [each["metadata"]["value"] for each in question[-1]["outcome"]["interrupts"]]
    assert [value["city"] for value in values] == ["Oslo", "Rome"]
    assert "CUSTOM" not in kinds(question)
    assert list(results(answered).values()) == ["sunny in Oslo", "sunny in Rome"]
    assert answered[-1].get("outcome") is None


async def test_one_answer_of_an_older_page_is_for_all_interrupts() -> None:
    _, (question, again, answered) = await played("two-interrupts-one-answer")

    assert questions(question) == questions(again)
    assert len(questions(question)) == 2
    assert list(results(answered).values()) == ["sunny in Oslo", "sunny in Rome"]


async def test_what_a_graph_says_by_hand_is_told_as_it_is_meant() -> None:
    _, [events] = await played("by-hand")

    assert text(events) == "One moment.You said: [emit] hello"
    assert snapshots(events) == [{"steps": 7}, {"steps": 1}]
    calls = [event for event in events if event.get("toolCallId") == "called-by-hand"]
    assert kinds(calls) == ["TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_END"]
    assert calls[1]["delta"] == '{"city":"Rome"}'
    assert {"type": "CUSTOM", "name": "other", "value": {"plain": True}} in events


async def test_a_failed_graph_keeps_its_secrets(caplog: pytest.LogCaptureFixture) -> None:
    _, [events] = await played("failure")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_ERROR")
    assert "swordfish" not in str(events)
    assert "swordfish" in caplog.text


async def test_a_side_request_has_no_thread() -> None:
    _, [events] = await played("ephemeral")
    assert text(events) == "You said: suggest"


async def test_callers_that_are_told_apart_share_no_thread() -> None:
    paths = []
    for caller in (Caller("ann"), Caller("bob")):
        async with talking(recorded("failure"), caller=caller) as (page, server):
            await page.say("hi")
            paths.append(server.requests[0][0])

    threads = {str(UUID(path.split("/")[2])) for path in paths}
    assert len(threads) == 2
    assert THREAD not in threads


@pytest.mark.parametrize("as_arguments", [True, False])
async def test_the_key_and_the_settings_that_are_let_through(as_arguments: bool) -> None:
    chosen: dict[str, Any] = {"api_key": "lsv2", "configurable": ["model"]}
    given = chosen if as_arguments else {"options": LangGraphOptions(**chosen)}
    config = {"configurable": {"model": "small", "thread_id": "somebody-elses"}}
    answers = recorded("failure")
    async with talking(answers, **given) as (page, server):
        await page.say("hi", forwardedProps={"config": config})

    assert server.headers[0]["x-api-key"] == "lsv2"
    assert server.requests[1][1]["config"] == {"configurable": {"model": "small"}}


async def test_state_and_pictures_of_the_page_reach_the_graph() -> None:
    picture = {"type": "data", "value": "AA", "mimeType": "image/png"}
    async with talking(recorded("failure")) as (page, server):
        page.messages = [user([{"type": "image", "source": picture}])]
        await page.go(state={"budget": 3}, context=[{"description": "d", "value": "v"}])

    given = server.requests[1][1]["input"]
    assert given["budget"] == 3
    assert given["copilotkit"]["context"] == [{"description": "d", "value": "v"}]
    url = {"url": "data:image/png;base64,AA"}
    assert given["messages"][0]["content"] == [{"type": "image_url", "image_url": url}]


async def test_whole_messages_hidden_ones_and_subgraphs() -> None:
    about = {"langgraph_node": "chat"}
    call = {"id": "c1", "name": "look", "args": {"at": 1}, "type": "tool_call"}
    whole = {"type": "ai", "id": "m1", "content": [{"type": "text", "text": "Hi"}]}
    hidden = {"type": "AIMessageChunk", "id": "m2", "content": "psst"}
    answers = streamed(
        ("messages|sub:1", [{**whole, "tool_calls": [call]}, about]),
        ("messages", [hidden, {**about, "copilotkit:emit-messages": False}]),
        ("values|sub:1", {"inner": True}),
        ("custom", [1, 2]),
    )
    async with talking(answers) as (page, _):
        events = await page.say("hi")

    assert text(events) == "Hi"
    [called] = [message for message in page.messages if message.get("toolCalls")]
    assert called["toolCalls"][0]["function"] == {"name": "look", "arguments": '{"at":1}'}
    assert snapshots(events) == []
    assert {"type": "CUSTOM", "name": "langgraph.custom", "value": [1, 2]} in events


async def test_reasoning_of_openais_responses_is_one_message_live_and_afterwards() -> None:
    about = {"langgraph_node": "chat"}

    def chunk(*blocks: dict[str, Any]) -> tuple[str, object]:
        return "messages", [{"type": "AIMessageChunk", "id": "m1", "content": blocks}, about]

    def words(text: str, part: int) -> dict[str, Any]:
        summary = [{"type": "summary_text", "text": text, "index": part}]
        return {"type": "reasoning", "index": 0, "summary": summary}

    summary = [{"type": "summary_text", "text": text} for text in ("First", "Second")]
    item = {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "xyz"}
    answer = {"type": "text", "text": "Done", "index": 1}
    whole = {"type": "ai", "id": "m1", "content": [item, answer]}
    answers = streamed(
        chunk({"type": "reasoning", "id": "rs_1", "summary": [], "index": 0}),
        chunk(words("Fir", 0)),
        chunk(words("st", 0)),
        chunk(words("Second", 1)),
        chunk(answer),
        ("values", {"messages": [whole]}),
    )
    async with talking(answers) as (page, _):
        events = await page.say("hi")

    texts = [each for each in events if each["type"] == "REASONING_MESSAGE_CONTENT"]
    assert "".join(each["delta"] for each in texts) == "First\nSecond"
    assert {each["messageId"] for each in texts} == {"rs_1"}
    assert page.messages == [
        {
            "id": "rs_1",
            "role": "reasoning",
            "content": "First\nSecond",
            "encryptedValue": "xyz",
        },
        {"id": "m1", "role": "assistant", "content": "Done"},
    ]


async def test_thoughts_of_one_message_stay_apart_and_its_text_keeps_its_id() -> None:
    def thought(text: str, index: int) -> dict[str, Any]:
        return {"type": "thinking", "thinking": text, "signature": f"s{index}", "index": index}

    content = [thought("One", 0), thought("Two", 1), {"type": "text", "text": "Done"}]
    message = {"type": "ai", "id": "m1", "content": content}
    answers = streamed(
        ("messages", [message, {"langgraph_node": "chat"}]), ("values", {"messages": [message]})
    )
    async with talking(answers) as (page, _):
        events = await page.say("hi")

    begun = [e["messageId"] for e in events if e["type"].endswith("MESSAGE_START")]
    assert begun == ["m1-reasoning", "m1-reasoning-2", "m1"]
    assert [message["id"] for message in page.messages] == begun


async def test_attachments_come_back_from_the_thread_as_they_were_sent() -> None:
    pdf = {"type": "data", "value": "QUJD", "mimeType": "application/pdf"}
    sound = {"type": "url", "value": "https://x.test/a.mp3"}
    parts: list[dict[str, Any]] = [
        {"type": "text", "text": "Look:"},
        {"type": "document", "source": pdf, "metadata": {"filename": "a.pdf", "size": 3}},
        {"type": "audio", "source": sound},
        {"type": "video", "source": {"type": "file", "value": "f1", "provider": "google"}},
    ]
    async with talking(recorded("failure")) as (page, server):
        page.messages = [user(parts)]
        await page.go()
    [given] = server.requests[1][1]["input"]["messages"]
    async with talking(streamed(("values", {"messages": [given]}))) as (page, _):
        await page.say("hi")

    assert page.messages == [user(parts)]


EMITTED = {"event": "on_custom_event", "name": "copilotkit_manually_emit_message", "data": {}}


@pytest.mark.parametrize(
    "event",
    [("messages", [1, 2, 3]), ("messages", [{}, {}]), ("updates", 1), ("events", EMITTED)],
)
async def test_a_malformed_stream_is_an_error_of_its_own(event: tuple[str, object]) -> None:
    async with talking(streamed(event)) as (page, _):
        events = await page.say("hi")

    assert (events[-1]["type"], events[-1]["code"]) == ("RUN_ERROR", "AGENT_PROTOCOL_ERROR")


def test_an_argument_that_there_is_not_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="configuration"):
        LangGraphAgent("http://127.0.0.1:9", "story", configuration={})  # type: ignore[call-arg]  # the mistake
