"""An A2A agent on another server as an agent: what passes, what fails how, what is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime import CopilotRuntime
from agui_runtime.connectors.a2a import A2AAgent
from agui_runtime.connectors.shared.remote import Patience, RemoteOptions
from agui_runtime.core.errors import AgentFailure, Misconfigured, ProtocolFailure, RemoteFailure
from agui_runtime.core.events import Event
from tests.connectors.page import Page, resume
from tests.connectors.talk import Waits, all_events, ask, text, user
from tests.fakes.a2a_server import Far, Json
from tests.support import served

IDS = {"taskId": "t-1", "contextId": "c-1"}


def options(**more: Any) -> RemoteOptions:  # noqa: ANN401  # fields of it
    return RemoteOptions(patience=Patience(retries=2, sleep=Waits()), **more)


def status(state: str, *parts: Json, **more: Any) -> Json:  # noqa: ANN401  # JSON
    message = {"message": {"role": "ROLE_AGENT", "parts": [*parts], **more}} if parts else {}
    return {"statusUpdate": {**IDS, "status": {"state": f"TASK_STATE_{state}", **message}}}


def piece(words: str, artifact: str = "a", *, append: bool = False, last: bool = False) -> Json:
    made = {"artifactId": artifact, "parts": [{"text": words}]}
    return {"artifactUpdate": {**IDS, "artifact": made, "append": append, "lastChunk": last}}


def task(state: str, *artifacts: Json) -> Json:
    status_ = {"state": f"TASK_STATE_{state}"}
    return {"id": "t-1", "contextId": "c-1", "status": status_, "artifacts": list(artifacts)}


SUBMITTED = {"task": task("SUBMITTED")}
ANSWER = (SUBMITTED, status("WORKING"), piece("Hello "), piece("world", append=True, last=True))
DONE = status("COMPLETED")


@asynccontextmanager
async def talking_to(far: Far, **given: Any) -> AsyncIterator[A2AAgent]:  # noqa: ANN401
    async with served(far.app) as origin:
        agent = A2AAgent(origin, name="far", **{"options": options(), **given})
        try:
            yield agent
        finally:
            await agent.close()


async def made_of(*frames: Json) -> list[Event]:
    """The events of a run whose stream has these frames."""
    async with talking_to(Far({"SendStreamingMessage": lambda params: frames})) as agent:
        return await all_events(agent, ask("hi"))


async def test_pieces_of_an_artifact_are_a_message() -> None:
    events = await made_of(*ANSWER, DONE)
    assert text(events) == "Hello world"
    assert [each["type"] for each in events] == [
        "TEXT_MESSAGE_START",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_CONTENT",
        "TEXT_MESSAGE_END",
    ]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([*ANSWER, status("COMPLETED", {"text": "Hello world"})], "Hello world"),
        ([SUBMITTED, status("COMPLETED", {"text": "All at once"})], "All at once"),
        ([SUBMITTED, status("WORKING", {"text": "So far"}), DONE], "So far"),
        ([{"message": {"messageId": "m", "parts": [{"text": "No task"}]}}], "No task"),
        ([{"task": task("COMPLETED", {"artifactId": "a", "parts": [{"text": "x"}]})}], "x"),
        ([*ANSWER, piece("Hello world, again"), DONE], "Hello world, again"),
        ([*ANSWER, piece("Another"), DONE], "Hello worldAnother"),
    ],
)
async def test_an_answer_is_shown_once_wherever_it_stands(frames: list[Json], words: str) -> None:
    assert text(await made_of(*frames)) == words


async def test_states_files_data_and_progress_pass() -> None:
    state = {"artifactId": "state", "parts": [{"data": {"n": 1}}]}
    file = {"raw": "eA==", "mediaType": "image/png", "filename": "a.png"}
    other = {"artifactId": "b", "name": "chart", "parts": [{"data": [1]}, file]}
    events = await made_of(
        SUBMITTED,
        status("WORKING", {"text": "Looking"}),
        {"artifactUpdate": {**IDS, "artifact": state}},
        {"artifactUpdate": {**IDS, "artifact": other}},
        status("COMPLETED", {"text": "Done"}),
    )
    progress, snapshot, activity, *_ = events
    assert (progress["activityType"], progress["content"]) == ("a2a.status", {"text": "Looking"})
    assert (snapshot["type"], snapshot["snapshot"]) == ("STATE_SNAPSHOT", {"n": 1})
    assert activity["content"]["data"] == [[1]]
    assert activity["content"]["files"] == [
        {
            "type": "image",
            "source": {"type": "data", "value": "eA==", "mimeType": "image/png"},
            "metadata": {"filename": "a.png"},
        }
    ]


@pytest.mark.parametrize(
    ("frames", "failure", "code", "words"),
    [
        (
            [SUBMITTED, status("FAILED", {"text": "no sk-abcdefghijklmnopqrstuvwx"})],
            AgentFailure,
            "AGENT_ERROR",
            "no ",
        ),
        (
            [SUBMITTED, status("FAILED", {"text": "x"}, metadata={"code": "MODEL_TIMEOUT"})],
            AgentFailure,
            "MODEL_TIMEOUT",
            "x",
        ),
        (
            [SUBMITTED, status("REJECTED", {"text": "not I"})],
            RemoteFailure,
            "REMOTE_REFUSED",
            "not I",
        ),
        ([SUBMITTED, status("AUTH_REQUIRED")], RemoteFailure, "REMOTE_REFUSED", "refused"),
        ([SUBMITTED, status("DREAMING")], ProtocolFailure, "AGENT_PROTOCOL_ERROR", "DREAMING"),
        ([{"dream": {}}], ProtocolFailure, "AGENT_PROTOCOL_ERROR", "none of A2A's"),
        (
            [SUBMITTED, {"statusUpdate": {"taskId": "other", "status": {}}}],
            ProtocolFailure,
            "AGENT_PROTOCOL_ERROR",
            "another task",
        ),
        ([], RemoteFailure, "REMOTE_BROKEN", "ended its stream"),
    ],
)
async def test_how_a_task_fails_is_how_its_run_does(
    frames: list[Json], failure: type[Exception], code: str, words: str
) -> None:
    with pytest.raises(failure) as caught:
        await made_of(*frames)
    assert getattr(caught.value, "code", None) == code
    assert words in str(caught.value)
    assert "sk-abcdef" not in str(caught.value)


async def test_an_error_of_json_rpc_is_a_refusal() -> None:
    refused = {"error": {"code": -32009, "message": "version 1.0 is not spoken"}}
    async with talking_to(Far({"SendStreamingMessage": lambda params: refused})) as agent:
        with pytest.raises(RemoteFailure, match=r"version 1\.0 is not spoken") as caught:
            await all_events(agent, ask("hi"))
    assert caught.value.code == "REMOTE_REFUSED"


async def test_a_broken_stream_is_taken_up_where_it_ended() -> None:
    begun = task("WORKING", {"artifactId": "a", "parts": [{"text": "Hello wo"}]})
    rest = ({"task": begun}, piece("rld", append=True, last=True), DONE)
    answers = {
        "SendStreamingMessage": lambda params: [*ANSWER[:3]],
        "SubscribeToTask": lambda params: rest,
    }
    async with talking_to(far := Far(answers)) as agent:
        events = await all_events(agent, ask("hi"))
    assert text(events) == "Hello world"
    assert far.sent("SubscribeToTask") == [{"id": "t-1"}]


async def test_a_task_that_ended_meanwhile_is_read_as_a_whole() -> None:
    whole = task("COMPLETED", {"artifactId": "a", "parts": [{"text": "Hello world"}]})
    answers = {
        "SendStreamingMessage": lambda params: [*ANSWER[:3]],
        "SubscribeToTask": lambda params: {"error": {"code": -32004, "message": "ended"}},
        "GetTask": lambda params: {"result": whole},
    }
    async with talking_to(Far(answers)) as agent:
        assert text(await all_events(agent, ask("hi"))) == "Hello world"


OLD = {"url": "", "protocolVersion": "0.3.0", "preferredTransport": "JSONRPC"}


async def test_0_3_is_spoken_where_the_card_says_so() -> None:
    ids = {"taskId": "t-1", "contextId": "c-1"}
    file = {"kind": "file", "file": {"uri": "https://x.test/a.png", "mimeType": "image/png"}}
    artifact = {"artifactId": "a", "parts": [{"kind": "text", "text": "Hi"}, file]}
    frames = [
        {"kind": "task", "id": "t-1", "contextId": "c-1", "status": {"state": "submitted"}},
        {"kind": "artifact-update", **ids, "artifact": artifact},
        {"kind": "status-update", **ids, "status": {"state": "completed"}, "final": True},
    ]
    far = Far({"message/stream": lambda params: frames})
    async with served(far.app) as origin:
        far.card = {"supportedInterfaces": None, **OLD, "url": f"{origin}/rpc"}
        agent = A2AAgent(origin, options=options())
        events = await all_events(agent, ask("hi"))
        await agent.close()
    assert text(events) == "Hi"
    assert [each["content"]["files"][0]["type"] for each in events if "content" in each] == [
        "image"
    ]
    [sent] = far.sent("message/stream")
    assert sent["message"]["parts"] == [{"kind": "text", "text": "hi"}]
    assert far.headers[-1]["a2a-version"] == "0.3"


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ({"supportedInterfaces": []}, "speaks no JSON-RPC"),
        ({"supportedInterfaces": [{"url": "x", "protocolBinding": "GRPC"}]}, "speaks no JSON-RPC"),
        (
            {
                "supportedInterfaces": [
                    {"url": "http://x", "protocolBinding": "JSONRPC", "protocolVersion": "7.1"}
                ]
            },
            "speaks A2A 7.1",
        ),
        (
            {"supportedInterfaces": [{"url": "file:///etc", "protocolBinding": "JSONRPC"}]},
            "no address that can be used",
        ),
        (
            {"supportedInterfaces": [{"url": "http://thief.test/", "protocolBinding": "JSONRPC"}]},
            "is elsewhere",
        ),
    ],
)
async def test_a_card_that_is_of_no_use_is_refused(card: Json, words: str) -> None:
    async with talking_to(far := Far(card=card)) as agent:
        with pytest.raises(RemoteFailure, match=words) as caught:
            await all_events(agent, ask("hi"))
    assert caught.value.code == "REMOTE_REFUSED"
    assert far.seen == []


async def test_a_card_that_cannot_be_had_is_a_failure_and_is_looked_for_again() -> None:
    agent = A2AAgent("http://127.0.0.1:9", options=options())
    with pytest.raises(RemoteFailure) as caught:
        await all_events(agent, ask("hi"))
    assert caught.value.code == "REMOTE_UNREACHABLE"
    await agent.close()


async def test_an_address_elsewhere_is_used_where_the_operator_names_it() -> None:
    card = {"supportedInterfaces": [{"url": "http://old.test/", "protocolBinding": "JSONRPC"}]}
    far = Far({"SendStreamingMessage": lambda params: [*ANSWER, DONE]})
    far.card = card | {"capabilities": {"streaming": True}}
    async with served(far.app) as origin:
        agent = A2AAgent(origin, endpoint=f"{origin}/rpc", options=options())
        assert text(await all_events(agent, ask("hi"))) == "Hello world"
        await agent.close()


def test_an_address_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(Misconfigured):
        A2AAgent("ftp://x")
    with pytest.raises(Misconfigured):
        A2AAgent("http://x", endpoint="x")


async def test_headers_are_the_operators() -> None:
    far = Far({"SendStreamingMessage": lambda params: [*ANSWER, DONE]})
    given = options(headers={"authorization": "Bearer ours"})
    async with talking_to(far, options=given) as agent:
        page = Page(CopilotRuntime({"default": agent}))
        async with page.runtime.lifespan():
            page.messages.append(user("hi"))
            await page.runtime.start(page.request(headers={"authorization": "Bearer theirs"}))
            await page.runtime.drain(5)
    assert [each["authorization"] for each in far.headers] == ["Bearer ours"] * 2


async def test_only_what_is_new_is_sent_with_its_files() -> None:
    far = Far({"SendStreamingMessage": lambda params: [*ANSWER, DONE]})
    picture = {"type": "data", "value": "eA==", "mimeType": "image/png"}
    messages = [
        {"id": "1", "role": "system", "content": "Be brief."},
        {"id": "2", "role": "user", "content": "one"},
        {"id": "3", "role": "assistant", "content": "1"},
        {"id": "4", "role": "user", "content": [{"type": "image", "source": picture}]},
        {"id": "5", "role": "user", "content": "two"},
    ]
    given = {"threadId": "th", "runId": "r", "messages": messages, "tools": [], "context": []}
    async with talking_to(far) as agent:
        await all_events(agent, RunAgentInput.model_validate(given))
    [sent] = far.sent("SendStreamingMessage")
    assert sent["message"]["parts"] == [{"raw": "eA==", "mediaType": "image/png"}, {"text": "two"}]
    assert sent["message"]["contextId"] == "th"


async def test_a_foreign_question_is_an_interrupt_and_the_answer_is_sent_as_text() -> None:
    asking = [SUBMITTED, status("INPUT_REQUIRED", {"text": "Which city?"})]
    answers = iter(([*asking], [*ANSWER, DONE]))
    far = Far({"SendStreamingMessage": lambda params: next(answers)})
    async with talking_to(far) as agent:
        page = Page(CopilotRuntime({"default": agent}))
        async with page.runtime.lifespan():
            asked = await page.say("where?")
            answered = await page.go(resume=resume(asked, "Rome"))
    [interrupt] = asked[-1]["outcome"]["interrupts"]
    assert (interrupt["id"], interrupt["message"]) == ("t-1", "Which city?")
    assert text(answered) == "Hello world"
    message = far.sent("SendStreamingMessage")[1]["message"]
    assert (message["taskId"], message["contextId"]) == ("t-1", "c-1")
    assert message["parts"] == [{"text": "Rome"}]


@pytest.mark.parametrize(
    "end",
    [
        [SUBMITTED, status("FAILED", {"text": "fell over"})],
        {"error": {"code": -32001, "message": "no such task"}},
    ],
)
async def test_a_task_that_ended_badly_gets_no_more_messages(end: Any) -> None:  # noqa: ANN401
    asking = [SUBMITTED, status("INPUT_REQUIRED", {"text": "Which city?"})]
    answers = iter((asking, end, [*ANSWER, DONE]))
    gone = {"error": {"code": -32001, "message": "no such task"}}
    far = Far({"SendStreamingMessage": lambda params: next(answers), "GetTask": lambda _: gone})
    async with talking_to(far) as agent:
        page = Page(CopilotRuntime({"default": agent}))
        async with page.runtime.lifespan():
            await page.say("where?")
            failed = await page.say("Rome")
            assert text(await page.say("hello?")) == "Hello world"
    assert failed[-1]["type"] == "RUN_ERROR"
    message = far.sent("SendStreamingMessage")[2]["message"]
    assert ("taskId" in message, message["contextId"]) == (False, "c-1")
    assert message["parts"] == [{"text": "hello?"}]
