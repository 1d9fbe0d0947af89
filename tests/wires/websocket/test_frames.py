"""What is wrong with a frame is answered for its request, and the socket lives."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from agui_runtime import CopilotRuntime, ServerOptions, SocketLimits, WebSocketWire
from agui_runtime.wires.shared.bodies import BodyLimits
from agui_runtime.wires.websocket.client_frames import KINDS, PLAIN
from tests.runtime.worlds import Scripted, Waiting, call, text
from tests.wires.fuzz.jsons import junk, mutated, written
from tests.wires.websocket.serving import Json, Page, page_of, run_input

TEXT = text("m1", "Hello")

WRONG: list[tuple[str, str, str | None]] = [
    ("{", "INVALID_INPUT", None),
    ('{"type": "request", "request_id": "q1", "agent": ', "INVALID_INPUT", "q1"),
    ("7", "INVALID_INPUT", None),
    ("[]", "INVALID_INPUT", None),
    ("{}", "UNKNOWN_FRAME", None),
    ('{"type": 7, "request_id": "q1"}', "UNKNOWN_FRAME", "q1"),
    ('{"type": "stream_start", "request_id": "q1"}', "UNKNOWN_FRAME", "q1"),
    ('{"type": "request"}', "INVALID_INPUT", None),
    ('{"type": "request", "request_id": 7, "input": {}}', "INVALID_INPUT", None),
    ('{"type": "request", "request_id": "", "input": {}}', "INVALID_INPUT", None),
    ('{"type": "request", "request_id": "q1"}', "INVALID_INPUT", "q1"),
    ('{"type": "request", "request_id": "q1", "input": []}', "INVALID_INPUT", "q1"),
    ('{"type": "request", "request_id": "q1", "input": {"messages": 7}}', "INVALID_INPUT", "q1"),
    (
        '{"type": "request", "request_id": "q1", "input": {"messages": [{"role": "king"}]}}',
        "INVALID_INPUT",
        "q1",
    ),
    (
        '{"type": "request", "request_id": "q1", "input": {}, "resume_after": "x"}',
        "INVALID_INPUT",
        "q1",
    ),
    ('{"type": "request", "request_id": "q1", "input": {}, "agnet": "x"}', "INVALID_INPUT", "q1"),
    (
        '{"type": "request", "request_id": "q1", "input": {}, "agent": "who"}',
        "AGENT_NOT_FOUND",
        "q1",
    ),
    ('{"type": "home_request", "request_id": "q1"}', "INVALID_INPUT", "q1"),
    ('{"type": "home_request", "request_id": "q1", "message": 7}', "INVALID_INPUT", "q1"),
    (
        '{"type": "home_request", "request_id": "q1", "message": [{"type": "smell"}]}',
        "INVALID_INPUT",
        "q1",
    ),
    ('{"type": "attach", "request_id": "q1", "thread_id": "none"}', "THREAD_NOT_FOUND", "q1"),
    (
        '{"type": "attach", "request_id": "q1", "thread_id": "t", "after": 7}',
        "INVALID_INPUT",
        "q1",
    ),
    ('{"type": "cancel", "request_id": "q1"}', "REQUEST_NOT_FOUND", "q1"),
    (
        '{"type": "tool_result", "request_id": "q1", "tool_call_id": "c", "content": ""}',
        "REQUEST_NOT_FOUND",
        "q1",
    ),
    ('{"type": "data_request", "request_id": "q1"}', "UNKNOWN_FRAME", "q1"),
    ('{"type": "data_request", "request_id": "q1", "kind": "secrets"}', "UNKNOWN_FRAME", "q1"),
    ('{"type": "mutation", "request_id": "q1", "kind": "threads"}', "UNKNOWN_FRAME", "q1"),
    (
        '{"type": "mutation", "request_id": "q1", "kind": "rename_thread", "thread_id": "t"}',
        "INVALID_INPUT",
        "q1",
    ),
    ('{"type": "hello"}', "OUT_OF_ORDER", None),
    ('{"type": "hello", "request_id": []}', "OUT_OF_ORDER", None),
    ('{"type": "hello", "protocol": "agui-mux.2"}', "INVALID_INPUT", None),
]


async def test_what_is_wrong_is_answered_for_its_request_and_the_socket_lives() -> None:
    async with page_of(CopilotRuntime({"default": Scripted(*TEXT)})) as page:
        await page.send("ping")
        assert await page.frame() == {"type": "pong"}
        assert (await page.answer("data_request", "d", kind="agents"))["type"] == "data_response"
        for sent, code, request_id in WRONG:
            await page.connection.send(sent)
            error = await page.frame()
            assert (error["type"], error["code"], error["request_id"]) == (
                "error",
                code,
                request_id,
            ), sent
            assert not error["open"]
            assert error["message"]
        await page.connection.send(b"{}")
        assert (await page.frame())["code"] == "INVALID_INPUT"
        assert (await page.answer("request", "q1", input=run_input()))["outcome"] == "success"


async def test_an_error_of_what_is_unknown_names_what_there_is() -> None:
    async with page_of(CopilotRuntime({"default": Scripted()})) as page:
        await page.send("nonsense", "q")
        assert (await page.frame())["message"] == f"type: there are {', '.join([*PLAIN, *KINDS])}"
        for kind, known in KINDS.items():
            await page.send(kind, "q", kind="nonsense")
            assert (await page.frame())["message"] == f"kind: there are {', '.join(known)}"


async def test_frames_that_are_too_large_are_refused_and_the_socket_lives() -> None:
    options = ServerOptions(body=BodyLimits(depth=20))
    async with page_of(CopilotRuntime({"default": Scripted(*TEXT)}), options=options) as page:
        await page.send("home_request", "q1", message="x" * 1_000_000)
        error = await page.frame()
        assert (error["code"], error["request_id"], error["frame"]) == (
            "TOO_LARGE",
            "q1",
            "home_request",
        )
        deep = '{"type": "home_request", "request_id": "q2", "message": ' + "[" * 30 + "]" * 30
        await page.connection.send(deep + "}")
        assert (await page.frame())["code"] == "TOO_LARGE"
        assert (await page.answer("request", "q3", input=run_input()))["outcome"] == "success"


async def test_an_id_that_is_open_is_not_opened_again() -> None:
    waiting = Waiting()
    async with page_of(CopilotRuntime({"default": waiting})) as page:
        await page.send("request", "q1", input=run_input())
        await page.until(lambda it: it["type"] == "stream_block")
        await page.send("request", "q1", input=run_input())
        error = await page.error()
        assert (error["code"], error["open"]) == ("REQUEST_ID_IN_USE", True)
        waiting.go.set()
        assert (await page.last("q1"))["outcome"] == "success"
        assert (await page.answer("data_request", "q1", kind="agents"))["type"] == "data_response"


async def test_hello_says_how_many_requests_may_be_open_and_no_more_are() -> None:
    waiting = Waiting()
    wire = WebSocketWire(socket_limits=SocketLimits(operations=2, message=2000))
    async with page_of(CopilotRuntime({"default": waiting}), wire) as page:
        await page.send("hello", protocol="agui-mux.1")
        limits = {"requests": 2, "frame_bytes": 2000, "ping_seconds": 15.0}
        assert await page.frame() == {"type": "hello", "protocol": "agui-mux.1", **limits}
        for id_ in ("a", "b"):
            await page.send("request", id_, input=run_input())
        await page.send("request", "c", input=run_input())
        error = await page.error()
        assert (error["request_id"], error["code"]) == ("c", "TOO_MANY_REQUESTS")
        assert error["retry_after"] == 2
        waiting.go.set()


async def test_results_that_nobody_waits_for_are_refused_and_the_request_goes_on() -> None:
    waiting = Waiting(*call("c1", "open_map", "{}"))
    tools = [{"name": "open_map", "description": "", "parameters": {}}]
    async with page_of(CopilotRuntime({"default": waiting})) as page:
        await page.send("request", "q1", input=run_input(tools=tools))
        await page.until(lambda it: it["type"] == "tool_call")
        await page.send("tool_result", "q1", tool_call_id="c9", content="x")
        error = await page.error()
        assert (error["code"], error["open"]) == ("TOOL_CALL_NOT_FOUND", True)
        assert "['c1']" in error["message"]
        for _ in range(2):
            await page.send("tool_result", "q1", tool_call_id="c1", content="x")
        assert (await page.error())["code"] == "TOOL_CALL_NOT_FOUND"


async def test_what_fails_unexpectedly_shows_nothing_of_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = CopilotRuntime({"default": Scripted()})

    async def broken(*args: object) -> None:
        raise KeyError("/secret/path")

    monkeypatch.setattr(runtime, "discover", broken)
    async with page_of(runtime) as page:
        error = await page.answer("data_request", "d1", kind="agents")
        assert (error["code"], error["request_id"]) == ("INTERNAL_ERROR", "d1")
        assert "secret" not in json.dumps(error)
        assert (await page.answer("data_request", "d1", kind="threads"))["data"]
    assert "secret" in caplog.text


ORIGINALS: list[Json] = [
    {"type": "home_request", "request_id": "q", "message": "hi", "thread_id": "t1"},
    {"type": "popup_request", "request_id": "q", "message": "hi", "scope": {"page": "tasks"}},
    {"type": "request", "request_id": "q", "thread_id": "t2", "input": run_input(runId="r1")},
    {"type": "attach", "request_id": "q", "thread_id": "t1", "after": "x.1", "until": "end"},
    {"type": "cancel", "request_id": "q"},
    {"type": "tool_result", "request_id": "q", "tool_call_id": "c", "content": "x"},
    {"type": "data_request", "request_id": "q", "kind": "threads", "limit": 3},
    {"type": "data_request", "request_id": "q", "kind": "messages", "thread_id": "t1"},
    {"type": "data_request", "request_id": "q", "kind": "state", "thread_id": "t1"},
    {
        "type": "mutation",
        "request_id": "q",
        "kind": "rename_thread",
        "thread_id": "t1",
        "name": "n",
    },
    {"type": "mutation", "request_id": "q", "kind": "save_state", "thread_id": "t3", "state": {}},
    {"type": "mutation", "request_id": "q", "kind": "stop_run", "thread_id": "t1"},
    {"type": "hello", "protocol": "agui-mux.1"},
    {"type": "ping"},
    {"type": "pong"},
]


def damaged(random: Random) -> str | bytes:
    """A frame with few things wrong, or none, or something that is no frame at all."""
    frame: Any = json.loads(json.dumps(random.choice(ORIGINALS)))
    if "request_id" in frame:
        frame["request_id"] = f"q{random.randrange(50)}"
    for _ in range(random.choice((0, 1, 1, 2, 3))):
        frame = mutated(random, frame)
    text = written(frame) if random.random() < 0.8 else random.choice((written(junk(random)), *ODD))
    cut = text[: random.randrange(len(text) + 1)] if random.random() < 0.05 else text
    return cut.decode(errors="replace") if random.random() < 0.98 else cut


ODD = (b"", b"{", b"null", b"[" * 999, b'"request_id": "q1", "type": "request"')


async def test_ten_thousand_damaged_frames_leave_the_socket_alive() -> None:
    random = Random(20261127)
    wire = WebSocketWire(socket_limits=SocketLimits(operations=1000, message=1_000_000))
    async with page_of(CopilotRuntime({"default": Scripted(*TEXT)}), wire) as page:
        await page.send("ping")
        for _ in range(100):
            for _ in range(100):
                await page.connection.send(damaged(random))
            await _settled(page)
        errors = {each["code"] for each in page.seen if each["type"] == "error"}
        assert {"INVALID_INPUT", "UNKNOWN_FRAME", "OUT_OF_ORDER", "THREAD_NOT_FOUND"} <= errors
        assert "INTERNAL_ERROR" not in errors
        assert (await page.answer("request", "end", input=run_input()))["outcome"] == "success"


async def _settled(page: Page) -> None:
    """Everything that was sent before has been read."""
    await page.send("data_request", "mark", kind="nothing")
    await page.until(lambda it: it.get("request_id") == "mark")
