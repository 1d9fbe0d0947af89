"""The JSON Schema of the frames, where it ships, and the types that are made from it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import httpx
from jsonschema import Draft202012Validator

from agui_runtime import CopilotRuntime, ServerOptions
from agui_runtime.core.events import ROUTED, Event
from agui_runtime.wires.websocket.schema import frames_schema, schema_text, shipped_schema
from scripts import ROOT
from tasks.frames import SCHEMA, TYPES, typescript
from tests.runtime.worlds import Scripted, call, text
from tests.wires.websocket.serving import page_of, serving
from tests.wires.websocket.test_frames import ORIGINALS
from tests.wires.websocket.test_talks import MAP

SOCKET = "/copilotkit/socket"


def valid(name: str) -> Draft202012Validator:
    schema = frames_schema()
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def test_its_place_is_that_of_the_package() -> None:
    assert SCHEMA.is_relative_to(ROOT)
    assert SCHEMA.read_bytes() == shipped_schema()


def test_what_ships_is_up_to_date() -> None:
    hint = "run `python3 scripts.py frames`"
    assert SCHEMA.read_text() == schema_text(), hint
    assert TYPES.read_text() == typescript(json.loads(SCHEMA.read_text())), hint


def test_it_is_a_schema_and_takes_what_clients_send() -> None:
    Draft202012Validator.check_schema(frames_schema())
    client = valid("ClientFrame")
    for frame in ORIGINALS:
        client.validate(frame)
    assert not client.is_valid({"type": "home_request", "request_id": "q1"})
    assert not client.is_valid({"type": "ping", "more": 1})


async def everything(request: object) -> AsyncIterator[Event]:
    yield {"type": "CUSTOM", "name": ROUTED, "value": {"agent": "a", "domain": "d", "by": "rule"}}
    for each in (*text("m1", "Hello"), *call("c1", "open_map", "{}")):
        yield each


async def test_it_takes_all_that_the_server_sends() -> None:
    async with page_of(CopilotRuntime({"default": everything})) as page:
        await page.send("hello")
        await page.send("ping")
        await page.send("popup_request", "q1", message="hi", tools=[MAP])
        await page.until(lambda it: it.get("block", {}).get("type") == "RUN_FINISHED")
        await page.answer("cancel", "q1")
        await page.answer("data_request", "d1", kind="threads")
        await page.answer("cancel", "q1")
    server = valid("ServerFrame")
    for frame in page.seen:
        server.validate(frame)
    kinds = {each["type"] for each in page.seen}
    assert kinds == {
        *("hello", "pong", "stream_start", "stream_text", "stream_block", "stream_end"),
        *("tool_call", "popup_domain", "data_response", "error"),
    }


async def test_a_get_in_place_of_a_socket_is_answered_with_it() -> None:
    runtime = CopilotRuntime({"default": Scripted()})
    async with serving(runtime) as origin, httpx.AsyncClient(base_url=origin) as http:
        answer = await http.get(SOCKET)
        assert (answer.status_code, answer.content) == (200, shipped_schema())
        assert answer.headers["content-type"] == "application/schema+json"
        wrong = await http.post(SOCKET, json={})
        assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET")


async def test_in_production_it_is_not_shown() -> None:
    runtime, options = CopilotRuntime({"default": Scripted()}), ServerOptions(production=True)
    async with (
        serving(runtime, options=options) as origin,
        httpx.AsyncClient(base_url=origin) as http,
    ):
        answer = await http.get(SOCKET)
    assert (answer.status_code, answer.headers["upgrade"]) == (426, "websocket")
    assert "agui-mux.1" in answer.json()["message"]
