"""An AG-UI endpoint on another server as an agent: what passes, what fails how, what is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from agui_runtime.agents.agent import current_run
from agui_runtime.connectors.agui import AGUIAgent, RemoteOptions
from agui_runtime.connectors.shared.remote import Patience, SizeLimits
from agui_runtime.core.errors import AgentFailure, Misconfigured, ProtocolFailure, RemoteFailure
from agui_runtime.core.events import Caller, Event, RunContext
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.connectors.talk import Waits, all_events, ask, kinds
from tests.fakes.endpoint import Block, Break, Endpoint, sse
from tests.fakes.options import as_options
from tests.runtime.worlds import asking, ran
from tests.support import served

IDS = {"threadId": "t1", "runId": "r1"}
STARTED: Event = {"type": "RUN_STARTED", **IDS}
FINISHED: Event = {"type": "RUN_FINISHED", **IDS}
OPENED: Event = {"type": "TEXT_MESSAGE_START", "messageId": "m1", "role": "assistant"}
SAID: Event = {"type": "TEXT_MESSAGE_CONTENT", "messageId": "m1", "delta": "Hello"}
CLOSED: Event = {"type": "TEXT_MESSAGE_END", "messageId": "m1"}
ANSWER = (STARTED, OPENED, SAID, CLOSED, FINISHED)


@asynccontextmanager
async def agent(endpoint: Endpoint, **options: Any) -> AsyncIterator[AGUIAgent]:  # noqa: ANN401
    """An agent that asks the endpoint, and waits for nothing between two attempts."""
    given = {"patience": patience(), **options}
    async with served(endpoint.app) as origin:
        asking_agent = AGUIAgent(f"{origin}/agent", name="far", **as_options(given))
        try:
            yield asking_agent
        finally:
            await asking_agent.close()


def patience(waits: Waits | None = None, **limits: float) -> Patience:
    return Patience(retries=3, first_wait=1.0, sleep=waits or Waits(), **limits)


async def answer_of(blocks: Sequence[Block], **options: Any) -> list[Event]:  # noqa: ANN401
    async with agent(Endpoint(blocks), **options) as far:
        return await all_events(far, ask("hi"))


async def test_all_that_a_client_sees_passes() -> None:
    events: list[Event] = [
        STARTED,
        {"type": "STEP_STARTED", "stepName": "think"},
        {"type": "REASONING_START", "messageId": "r"},
        {"type": "REASONING_END", "messageId": "r"},
        OPENED,
        SAID,
        CLOSED,
        {"type": "TOOL_CALL_START", "toolCallId": "c", "toolCallName": "f"},
        {"type": "TOOL_CALL_ARGS", "toolCallId": "c", "delta": "{}"},
        {"type": "TOOL_CALL_END", "toolCallId": "c"},
        {"type": "TOOL_CALL_RESULT", "messageId": "x", "toolCallId": "c", "content": "1"},
        {"type": "STATE_SNAPSHOT", "snapshot": None},
        {"type": "STATE_DELTA", "delta": [{"op": "add", "path": "/a", "value": None}]},
        {"type": "CUSTOM", "name": "n", "value": None},
        {"type": "STEP_FINISHED", "stepName": "think"},
        {**FINISHED, "outcome": {"type": "interrupt", "interrupts": [{"id": "i", "reason": "x"}]}},
    ]
    assert await answer_of([sse(*events)]) == events


async def test_frames_may_be_cut_anywhere() -> None:
    whole = sse(*ANSWER)
    assert await answer_of([whole[at : at + 7] for at in range(0, len(whole), 7)]) == list(ANSWER)


async def test_raw_events_unknown_types_and_nulls_are_left_out() -> None:
    raw = {"type": "RAW", "event": {"x": 1}}
    unknown = {"type": "FROM_THE_FUTURE", "x": 1}
    with_nulls = {**OPENED, "timestamp": None, "rawEvent": {"y": 2}}
    stream = sse(STARTED, raw, unknown, with_nulls, SAID, CLOSED, FINISHED)
    assert await answer_of([stream]) == list(ANSWER)
    kept = await answer_of([stream], keep_raw=True)
    assert kinds(kept)[1] == "RAW"
    assert kept[2]["rawEvent"] == {"y": 2}


async def test_the_request_is_one_that_every_generation_takes() -> None:
    endpoint = Endpoint([sse(*ANSWER)])
    activity = {"id": "a", "role": "activity", "activityType": "x", "content": {}}
    async with agent(endpoint) as far:
        await all_events(far, ask("hi", activity, state={"gone": None}))
    [(headers, body)] = endpoint.seen
    assert headers["accept"] == "text/event-stream"
    assert body == {
        "threadId": "t1",
        "runId": "r1",
        "messages": [{"id": "u1", "role": "user", "content": "hi"}],
        "state": {"gone": None},
        "tools": [],
        "context": [],
        "forwardedProps": {},
        "protocolVersion": "1.0",
    }


async def test_servers_from_before_1_0_need_not_know_its_fields() -> None:
    endpoint = Endpoint([sse(*ANSWER)])
    async with agent(endpoint, protocol=None) as far:
        await all_events(far, ask("hi"))
    assert "protocolVersion" not in endpoint.seen[0][1]


@pytest.mark.parametrize("forward", [["Authorization"], ["auth*"], "*"])
async def test_headers_go_on_by_the_allow_list_alone(forward: Sequence[str]) -> None:
    endpoint = Endpoint([sse(*ANSWER)])
    current_run.set(
        RunContext(
            Caller("ann"),
            "req-1",
            properties={"token": "tök"},
            headers={"authorization": "Bearer ann", "cookie": "secret"},
        )
    )
    options = {
        "headers": {"x-key": "k"},
        "forward_headers": forward,
        "on_before_request": lambda context: {"x-token": context.properties["token"]},
    }
    async with agent(endpoint, **options) as far:
        await all_events(far, ask("hi"))
    headers, _ = endpoint.seen[0]
    assert (headers["authorization"], headers["x-key"]) == ("Bearer ann", "k")
    assert headers["x-token"] == "tök"
    assert "cookie" not in headers


async def test_a_header_that_a_client_broke_is_never_sent() -> None:
    endpoint = Endpoint([sse(*ANSWER)])
    current_run.set(RunContext(Caller("ann"), "req-1", properties={"token": "a\r\nx-admin: 1"}))
    make = {"on_before_request": lambda context: {"x-token": context.properties["token"]}}
    async with agent(endpoint, **make) as far:
        with pytest.raises(RemoteFailure, match="a header for it is malformed"):
            await all_events(far, ask("hi"))
    assert endpoint.seen == []


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
async def test_a_server_that_is_busy_is_asked_again(status: int) -> None:
    waits = Waits()
    endpoint = Endpoint([sse(*ANSWER)], refusals=[(status, b"")] * 3)
    async with agent(endpoint, patience=patience(waits)) as far:
        assert await all_events(far, ask("hi")) == list(ANSWER)
    assert waits.seconds == [1.0, 2.0, 4.0]


async def test_a_server_that_stays_busy_is_a_failure() -> None:
    endpoint = Endpoint(refusals=[(503, b"")] * 9)
    async with agent(endpoint) as far:
        with pytest.raises(RemoteFailure) as failure:
            await all_events(far, ask("hi"))
    assert (failure.value.code, failure.value.upstream) == ("REMOTE_REFUSED", 503)
    assert len(endpoint.seen) == 4


async def test_a_refusal_is_told_without_its_secrets_and_not_repeated() -> None:
    said = b'{"error": "no access with sk-abcdef123456 at /srv/app"}'
    endpoint = Endpoint(refusals=[(403, said)] * 9)
    async with agent(endpoint) as far:
        with pytest.raises(RemoteFailure) as failure:
            await all_events(far, ask("hi"))
    assert "agent 'far' refused: no access with [hidden]" in failure.value.message
    assert "127.0.0.1" not in failure.value.message
    assert len(endpoint.seen) == 1


async def test_a_server_that_cannot_be_reached_is_a_failure() -> None:
    waits = Waits()
    far = AGUIAgent(
        "http://127.0.0.1:9/", name="far", options=RemoteOptions(patience=patience(waits))
    )
    with pytest.raises(RemoteFailure, match="agent 'far' cannot be reached") as failure:
        await all_events(far, ask("hi"))
    await far.close()
    assert failure.value.code == "REMOTE_UNREACHABLE"
    assert waits.seconds == [1.0, 2.0, 4.0]


async def test_nothing_is_repeated_after_the_first_event() -> None:
    endpoint = Endpoint([sse(STARTED, OPENED, SAID), Break])
    seen: list[Event] = []
    async with agent(endpoint) as far:
        with pytest.raises(RemoteFailure) as failure:
            async for event in far.run(ask("hi")):
                seen.append(event)
    assert failure.value.code == "REMOTE_BROKEN"
    assert seen == [STARTED, OPENED, SAID]
    assert len(endpoint.seen) == 1


async def test_a_server_may_save_what_it_has_to_after_its_last_event() -> None:
    saving = asyncio.Event()
    endpoint = Endpoint([sse(*ANSWER), saving, b": saved\n\n"])
    async with agent(endpoint) as far:
        answering = asyncio.create_task(all_events(far, ask("hi")))
        await endpoint.asked.wait()
        saving.set()
        assert await answering == list(ANSWER)
        await endpoint.finished.wait()


async def test_a_stop_closes_the_connection_to_the_server() -> None:
    endpoint = Endpoint([sse(STARTED, OPENED, SAID), asyncio.Event()])
    async with agent(endpoint) as far:
        runtime = CopilotRuntime({"default": far})
        handle = await runtime.start(asking())
        async for batch in handle.batches():
            if any(record.event == SAID for record in batch.records):
                await handle.stop()
        await endpoint.cut.wait()
    [run] = await runtime.store.threads.runs("t1")
    assert run.status == "stopped"


FRAME = b'data: {"type": "CUSTOM", "name": "x", "value": 1}\n\n'
BROKEN: list[tuple[str, list[Block], str]] = [
    ("not JSON", [sse(STARTED, OPENED), b"data: {oops\n\n"], "AGENT_PROTOCOL_ERROR"),
    ("no object", [sse(STARTED), b"data: [1]\n\n"], "AGENT_PROTOCOL_ERROR"),
    (
        "no event",
        [sse(STARTED), b'data: {"type": "TEXT_MESSAGE_START"}\n\n'],
        "AGENT_PROTOCOL_ERROR",
    ),
    ("no opener", [sse(STARTED, SAID)], "AGENT_PROTOCOL_ERROR"),
    ("10 MB", [sse(STARTED), b"data: " + b"x" * 10_000_000 + b"\n\n"], "AGENT_PROTOCOL_ERROR"),
    ("endless", [sse(STARTED), *[FRAME * 100] * 100], "REMOTE_TOO_LARGE"),
    ("a page", [b"<html>Welcome</html>"], "REMOTE_BROKEN"),
    ("no end", [sse(STARTED, OPENED, SAID)], "INCOMPLETE_STREAM"),
    ("falls over", [sse(STARTED, OPENED, SAID), Break], "REMOTE_BROKEN"),
    ("says so", [sse(STARTED, {"type": "RUN_ERROR", "message": "x", "code": "MINE"})], "MINE"),
]


@pytest.mark.parametrize(
    ("blocks", "code"), [it[1:] for it in BROKEN], ids=[it[0] for it in BROKEN]
)
async def test_whatever_a_server_does_a_run_has_one_end(blocks: list[Block], code: str) -> None:
    sizes = SizeLimits(stream=300_000) if code == "REMOTE_TOO_LARGE" else SizeLimits()
    async with agent(Endpoint(blocks), sizes=sizes) as far:
        events = await ran(CopilotRuntime({"default": far}), asking())
    ends = [event for event in events if event["type"] in {"RUN_ERROR", "RUN_FINISHED"}]
    assert [end["code"] for end in ends] == [code]
    assert events[-1] is ends[0]
    opened = [event["type"] for event in events].count("TEXT_MESSAGE_START")
    assert [event["type"] for event in events].count("TEXT_MESSAGE_END") == opened


async def test_a_silent_server_is_given_up() -> None:
    quiet = Patience(silence=0.05)
    with pytest.raises(RemoteFailure) as failure:
        await answer_of([sse(STARTED), asyncio.Event()], patience=quiet)
    assert failure.value.code == "REMOTE_TIMEOUT"


async def test_an_end_that_is_missing_and_a_frame_that_is_broken_are_told_apart() -> None:
    with pytest.raises(AgentFailure, match="broke off"):
        await answer_of([sse(STARTED)])
    with pytest.raises(ProtocolFailure, match="not JSON"):
        await answer_of([b"data: {\n\n"])


@pytest.mark.parametrize("url", ["", "example.com/agent", "ftp://example.com", "http://"])
def test_a_url_that_cannot_be_meant_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="http"):
        AGUIAgent(url)


def test_headers_of_a_connection_cannot_be_forwarded() -> None:
    with pytest.raises(Misconfigured, match="host"):
        AGUIAgent("http://example.com", options=RemoteOptions(forward_headers=["Host"]))
