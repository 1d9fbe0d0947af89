"""Where our answer to a recorded request differs from the reference's on purpose."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import cast

import httpx

from tests.fakes.agents import SCRIPTS
from tests.wires.graphql.comparator import Json, Outcome, differences, outcome
from tests.wires.graphql.replay import Transcript, World, world


async def ours(name: str, after: Sequence[str] = ()) -> Outcome:
    """Our answer to a recorded request, asked after others were answered."""
    transcript = Transcript.load(name)
    async with world(transcript.path) as it:
        for earlier in after:
            await it.play(Transcript.load(earlier))
        return outcome(await it.play(transcript))


def reply(answer: Outcome) -> Json:
    assert answer.complete
    return answer.result["data"]["generateCopilotResponse"]


def only_error(answer: Outcome) -> Json:
    """The error of an answer that holds nothing else, and nothing of what the server is made of."""
    assert answer.result["data"] is None
    [error] = answer.result["errors"]
    assert "stack" not in json.dumps(error)
    assert ".py" not in json.dumps(error)
    return error


async def hang_up_after(world: World, transcript: Transcript, text: str) -> bytes:
    """Ask, and close the connection as soon as the answer holds `text`; what had come by then."""
    received = b""
    async with httpx.AsyncClient() as client:
        response = await client.send(world.request(transcript), stream=True)
        chunks = cast(AsyncGenerator[bytes, None], response.aiter_bytes())  # typed too widely
        async with aclosing(chunks):
            async for chunk in chunks:
                received += chunk
                if text.encode() in received:
                    break
        await response.aclose()
    return received


async def test_an_interrupt_that_holds_an_object_reaches_the_page_as_json() -> None:
    answer = reply(await ours("agent_interrupt_object_value"))
    [event] = answer["metaEvents"]
    assert event["name"] == "LangGraphInterruptEvent"
    assert json.loads(event["value"]) == {"question": "Approve?"}


async def test_an_interrupt_with_messages_reaches_the_page() -> None:
    answer = reply(await ours("agent_cpk_interrupt_agui"))
    [event] = answer["metaEvents"]
    assert event["name"] == "CopilotKitLangGraphInterruptEvent"
    assert event["data"]["value"] == "v"
    assert [message["content"] for message in answer["messages"]] == [["after"]]


async def test_an_unknown_agent_is_named_and_so_are_those_there_are() -> None:
    for name in ("agent_unknown", "agent_unknown_no_agents", "load_state_unknown_agent"):
        error = only_error(await ours(name))
        assert error["extensions"]["code"] == "AGENT_NOT_FOUND"
        assert "'nope'" in error["message"]
    assert "'text_agent'" in error["message"]


async def test_a_run_leaves_the_other_agents_known() -> None:
    after = await ours("agents_mutation_bug_2", after=["agents_mutation_bug_1"])
    assert differences(await ours("agents_mutation_bug_2"), after) == []
    assert reply(after)["status"]["code"] == "Success"


async def test_every_agent_is_listed() -> None:
    known = {"available_agents_agui": {*SCRIPTS, "default"}, "available_agents_none": {"default"}}
    for name, agents in known.items():
        answer = await ours(name)
        listed = answer.result["data"]["availableAgents"]["agents"]
        assert {agent["name"] for agent in listed} == agents
        assert all(agent["description"] and agent["id"] for agent in listed)


async def test_a_request_without_an_agent_needs_a_default_one() -> None:
    error = only_error(await ours("empty_adapter_misuse"))
    assert "'default'" in error["message"]
    assert "'text_agent'" in error["message"]


async def test_an_agent_that_fails_at_once_has_failed_its_run() -> None:
    answer = reply(await ours("error_adapter_process_throws"))
    assert answer["status"]["code"] == "Failed"
    assert "sync boom" not in json.dumps(answer)


async def test_a_thread_at_openai_is_asked_for_in_vain() -> None:
    answer = reply(await ours("extensions_openai_assistant"))
    assert answer["extensions"] is None
    assert [message["content"] for message in answer["messages"]] == [["x"]]


async def test_a_remote_endpoint_that_is_down_takes_only_its_own_with_it() -> None:
    listed = await ours("available_agents_remote_down")
    agents = listed.result["data"]["availableAgents"]["agents"]
    assert [agent["name"] for agent in agents] == ["default"]
    answer = reply(await ours("remote_endpoint_down"))
    assert answer["status"]["code"] == "Success"


async def test_a_remote_endpoint_that_is_busy_is_asked_again() -> None:
    transcript = Transcript.load("generate_remote_info_503_no_retry")
    async with world(transcript.path) as it:
        it.remote.unavailable = 2
        answer = reply(outcome(await it.play(transcript)))
        offered = [tool["function"]["name"] for tool in it.model.seen[0].body["tools"]]
    assert len(it.remote.asked("/info")) == 3
    assert {"remote_add", "remote_fail"} <= set(offered)
    assert answer["status"]["code"] == "Success"


async def test_a_remote_action_may_return_a_number() -> None:
    transcript = Transcript.load("remote_action")
    async with world(transcript.path) as it:
        call, result = reply(outcome(await it.play(transcript)))["messages"]
    [sent] = it.remote.asked("/actions/execute")
    assert sent == {
        "name": "remote_add",
        "arguments": {"a": 1, "b": 2},
        "properties": {"authorization": "abc"},
    }
    assert (call["name"], result["result"]) == ("remote_add", "3")


async def test_a_remote_agent_of_any_type_is_understood() -> None:
    answer = reply(await ours("remote_agent_unsupported_type"))
    texts = [it["content"] for it in answer["messages"] if "content" in it]
    assert texts == [["Hello ", "from LG"]]
    assert answer["status"]["code"] == "Success"


async def test_a_page_of_any_origin_may_ask_without_credentials() -> None:
    transcript = Transcript.load("options_preflight")
    async with world(transcript.path) as it:
        answer = await it.play(transcript)
    assert answer.status in {200, 204}
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    asked_for = transcript.headers["Access-Control-Request-Headers"].lower().split(",")
    allowed = answer.headers["access-control-allow-headers"].lower().replace(" ", "").split(",")
    assert {name.strip() for name in asked_for} <= set(allowed)


async def test_no_token_of_a_long_burst_is_lost() -> None:
    [message] = reply(await ours("repeater_overflow_2000_sync_tokens"))["messages"]
    assert message["content"] == [f"tok{k} " for k in range(2000)]
    assert message["status"]["code"] == "Success"


async def test_unreadable_arguments_of_an_action_end_in_a_result() -> None:
    answer = reply(await ours("server_action_bad_args"))
    call, result = answer["messages"]
    assert call["arguments"] == ["{bad json"]
    assert json.loads(result["result"])["error"]["code"] == "INVALID_ARGUMENTS"
    assert answer["status"]["code"] == "Success"


async def test_guardrails_need_no_key_of_a_cloud() -> None:
    transcript = Transcript.load("cloud_missing_key")
    async with world(transcript.path) as it:
        answer = reply(outcome(await it.play(transcript)))
        [asked] = it.guardrails.seen
    assert answer["status"]["code"] == "Success"
    assert asked == {"input": "hello", "messages": [], "allowList": ["cats"], "denyList": ["dogs"]}


async def test_a_denied_message_is_answered_with_the_reason() -> None:
    for name in ("guardrails_denied", "guardrails_denied_fast"):
        recorded = reply(Transcript.load(name).outcome())
        answer = reply(await ours(name))
        assert answer["status"] == recorded["status"]
        for message in answer["messages"]:
            assert message["status"] == recorded["messages"][0]["status"]


async def test_guardrails_that_fail_end_the_response() -> None:
    answer = reply(await ours("guardrails_error"))
    assert answer["status"]["code"] == "Failed"
    told = answer["status"]["details"]["originalError"]["extensions"]
    assert told["runtimeCode"] == "GUARDRAILS_UNAVAILABLE"
    assert all(message["status"]["code"] == "Failed" for message in answer["messages"])


async def test_closing_the_connection_closes_the_model_call() -> None:
    transcript = Transcript.load("client_disconnect_llm")
    async with world(transcript.path) as it:
        received = await hang_up_after(it, transcript, "tok3 ")
        await it.model.hung_up()
    assert b'"tok0 "' in received
    assert b'"hasNext":false' not in received


async def test_closing_the_connection_stops_the_agent() -> None:
    transcript = Transcript.load("client_disconnect_agent")
    async with world(transcript.path) as it:
        received = await hang_up_after(it, transcript, "s3 ")
        await it.runtime.store.log.wait_idle("thread-1")
        [run] = await it.runtime.store.threads.runs("thread-1")
    assert run.status == "stopped"
    assert b'"s99 "' not in received
