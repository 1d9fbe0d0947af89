"""The Responses WebSocket: lanes, and what is refused on one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from agui_runtime import CopilotRuntime, OpenAIWire, ServerOptions, SocketLimits
from agui_runtime.core.events import ANONYMOUS
from tests.wires.graphql.serving import by_header
from tests.wires.openai import snippets
from tests.wires.openai.serving import Held, Recorder, client_of, serving, two_calls
from tests.wires.openai.story import failing
from tests.wires.openai.test_responses import TOOLS, respond
from tests.wires.openai.test_threads import HELLO, HI, MORE, spoken, stored

Json = dict[str, Any]


class Lanes:
    """A client's side of one connection."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.seen: list[Json] = []

    async def create(self, words: object = "hi", lane: str | None = None, **more: object) -> None:
        named = {} if lane is None else {"stream_id": lane}
        body = {"type": "response.create", "model": "default", "input": words, **named, **more}
        await self.connection.send(json.dumps(body))

    async def event(self) -> Json:
        event: Json = json.loads(await self.connection.recv())
        self.seen.append(event)
        return event

    async def until(self, *kinds: str, lane: str | None = None) -> Json:
        """The next event of one of these types on the lane."""
        while True:
            event = await self.event()
            if event["type"] in kinds and event.get("stream_id") == lane:
                return event

    async def response(self, words: object = "hi", lane: str | None = None, **more: object) -> Json:
        await self.create(words, lane, **more)
        last = await self.until("response.completed", "response.failed", "error", lane=lane)
        found: Json = last.get("response") or last
        return found


@asynccontextmanager
async def lanes_of(
    runtime: CopilotRuntime,
    wire: OpenAIWire | None = None,
    headers: Mapping[str, str] | None = None,
) -> AsyncIterator[Lanes]:
    async with serving(runtime, wire) as origin, opened(origin, headers) as lanes:
        yield lanes


@asynccontextmanager
async def opened(origin: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Lanes]:
    address = f"{origin.replace('http', 'ws')}/v1/responses"
    async with connect(address, additional_headers=headers) as connection:
        yield Lanes(connection)


async def test_the_published_client_gets_the_events_of_a_stream() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with client_of(runtime) as client:
        over_http = [event async for event in await respond(client, stream=True)]
        async with client.responses.connect() as connection:
            await connection.response.create(model="default", input="hi")
            over_socket = []
            async for event in connection:
                over_socket.append(event)
                if event.type == "response.completed":
                    break
    assert [each.type for each in over_socket] == [each.type for each in over_http]
    assert over_socket[-1].response.output_text == "Hello world"
    assert [each.sequence_number for each in over_socket] == [
        each.sequence_number for each in over_http
    ]


# The client of OpenAI waits with `websockets` 17 for its next release.
@pytest.mark.filterwarnings(r"ignore:connect\(\) must be used:DeprecationWarning")
async def test_the_snippet_of_the_documentation_works(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(CopilotRuntime({"default": Recorder()})) as origin:
        await snippets.run("responses.connect", origin)
    assert capsys.readouterr().out.strip() == "Hello world"


async def test_lanes_go_on_at_the_same_time_and_each_in_its_order() -> None:
    held = Held()
    runtime = CopilotRuntime({"default": Recorder(), "held": held})
    async with lanes_of(runtime) as lanes:
        await lanes.create("wait", "a", model="held")
        await lanes.create("next", "a")
        await held.reached.wait()
        other = await lanes.response("hi", "b")
        assert other["output"][0]["content"][0]["text"] == "Hello world"
        assert not [each for each in lanes.seen if each["type"] == "response.completed"][1:]
        [first] = [each for each in lanes.seen if each["type"] == "response.created"][:1]
        thread = (await runtime.threads.list(ANONYMOUS)).threads
        [live] = [each.thread_id for each in thread if each.agent == "held"]
        await runtime.stop(live, ANONYMOUS)
        await lanes.until("response.incomplete", lane="a")
        await lanes.until("response.completed", lane="a")
    assert first["stream_id"] == "a"
    kinds = [each["type"] for each in lanes.seen if each["stream_id"] == "a"]
    assert kinds.index("response.incomplete") < kinds.index("response.completed")


async def test_a_response_goes_on_from_one_of_another_lane() -> None:
    runtime = CopilotRuntime({"default": Recorder()})
    async with lanes_of(runtime) as lanes:
        first = await lanes.response("hi", "a")
        await lanes.response("more", "b", previous_response_id=first["id"])
        [thread] = (await runtime.threads.list(ANONYMOUS)).threads
        assert spoken(await stored(runtime, thread.thread_id)) == [HI, HELLO, MORE, HELLO]


async def test_tools_are_carried_out_on_a_lane() -> None:
    runtime = CopilotRuntime({"default": Recorder(*two_calls()), "after": (after := Recorder())})
    async with lanes_of(runtime) as lanes:
        first = await lanes.response("hi", "a", tools=TOOLS)
        results = [
            {"type": "function_call_output", "call_id": each["call_id"], "output": "sunny"}
            for each in first["output"]
        ]
        more = {"model": "after", "tools": TOOLS, "previous_response_id": first["id"]}
        second = await lanes.response(results, "a", **more)
    assert second["status"] == "completed"
    assert [role for role, _ in after.messages] == [
        "user",
        "assistant",
        "assistant",
        "tool",
        "tool",
    ]


async def test_what_is_not_stored_is_gone_on_from_on_its_own_connection_alone() -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with serving(runtime) as origin:
        async with opened(origin) as lanes:
            first = await lanes.response(store=False)
            more = {"store": False, "previous_response_id": first["id"]}
            second = await lanes.response("more", **more)
            assert agent.messages == [HI, HELLO, MORE]
            again = {"store": False, "previous_response_id": second["id"]}
        async with opened(origin) as lanes:
            lost = await lanes.response("more", **again)
            assert (lost["status"], lost["error"]["code"]) == (400, "previous_response_not_found")
            assert (await lanes.response(store=False))["status"] == "completed"
        assert (await runtime.threads.list(ANONYMOUS)).threads == []


async def test_what_was_not_gone_on_from_is_forgotten() -> None:
    runtime = CopilotRuntime({"default": Recorder(), "failing": failing})
    async with lanes_of(runtime) as lanes:
        first = await lanes.response(store=False)
        more = {"store": False, "previous_response_id": first["id"]}
        failed = await lanes.response("more", model="failing", **more)
        assert failed["status"] == "failed"
        lost = await lanes.response("more", **more)
        assert lost["error"]["code"] == "previous_response_not_found"


async def test_a_client_that_goes_away_stops_what_it_waits_for() -> None:
    held = Held()
    async with serving(CopilotRuntime({"default": held})) as origin:
        async with opened(origin) as lanes:
            await lanes.create()
            await held.reached.wait()
        await held.closed.wait()


WRONG = [
    ("{", None, None),
    ("7", "type", None),
    ('{"type": "response.steer"}', "type", None),
    ('{"type": 7}', "type", None),
    ('{"type": "response.create", "stream_id": 7}', "stream_id", None),
    ('{"type": "response.create", "stream_id": "a", "input": "hi"}', "model", "a"),
    ('{"type": "response.create", "model": "default", "input": 7}', "input", None),
    ('{"type": "response.create", "model": "gpt", "input": "hi"}', "model", None),
    (
        '{"type": "response.create", "model": "default", "input": "hi", "background": true}',
        "background",
        None,
    ),
    (
        '{"type": "response.create", "model": "default", "input": "hi", "stream": false}',
        "stream",
        None,
    ),
]


async def test_what_is_wrong_is_an_event_and_the_connection_goes_on() -> None:
    async with lanes_of(CopilotRuntime({"default": Recorder()})) as lanes:
        for sent, param, lane in WRONG:
            await lanes.connection.send(sent)
            event = await lanes.event()
            assert event["type"] == "error"
            assert event["status"] in (400, 404)
            assert event.get("stream_id") == lane
            assert event["error"].keys() == {"message", "type", "param", "code"}
            assert event["error"]["param"] == param
        await lanes.connection.send(b"{}")
        assert (await lanes.event())["status"] == 400
        assert (await lanes.response())["status"] == "completed"


async def test_limits_of_a_connection_hold() -> None:
    held = Held()
    wire = OpenAIWire(socket_limits=SocketLimits(connections=1, operations=2, message=2000))
    runtime = CopilotRuntime({"default": held})
    async with serving(runtime, wire) as origin, opened(origin) as lanes:
        await lanes.create("hi", "a")
        await lanes.create("hi", "a")
        await lanes.create("hi", "b")
        full = await lanes.until("error", lane="b")
        assert full["status"] == 429
        with pytest.raises(InvalidStatus) as crowded:
            await connect(f"{origin.replace('http', 'ws')}/v1/responses")
        assert crowded.value.response.status_code == 503
        await lanes.connection.send(json.dumps({"type": "x" * 3000}))
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await lanes.event()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


async def test_callers_whom_nobody_knows_are_turned_away() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=lambda request: None)
    async with serving(runtime) as origin:
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{origin.replace('http', 'ws')}/v1/responses")
    answer = refused.value.response
    assert answer.status_code == 401
    assert answer.body is not None
    assert json.loads(answer.body)["error"]["code"] == "invalid_api_key"


async def test_a_page_of_another_origin_opens_none() -> None:
    options = ServerOptions(cors_origins=("http://mine.test",))
    async with serving(CopilotRuntime({"default": Recorder()}), options=options) as origin:
        async with opened(origin, {"origin": "http://mine.test"}) as lanes:
            assert (await lanes.response())["status"] == "completed"
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"{origin.replace('http', 'ws')}/v1/responses",
                additional_headers={"origin": "http://elsewhere.test"},
            )
    assert refused.value.response.status_code == 403


async def test_a_response_of_somebody_else_is_as_unknown_as_one_that_there_is_not() -> None:
    runtime = CopilotRuntime({"default": Recorder()}, authenticate=by_header)
    async with serving(runtime) as origin:
        async with opened(origin, {"x-user": "ann"}) as lanes:
            first = await lanes.response()
        async with opened(origin, {"x-user": "bob"}) as lanes:
            for id_ in (first["id"], "resp_x"):
                lost = await lanes.response("more", previous_response_id=id_)
                assert lost["error"]["message"] == f"Previous response with id '{id_}' not found"
