"""Requests that the protocol's libraries cannot read, or would read otherwise than other wires do:
the client's fault, never the server's.
"""

from __future__ import annotations

import logging

import pytest

from agui_runtime import CopilotRuntime
from tests.wires.a2a.serving import (
    TODAY,
    Json,
    called,
    message,
    old_message,
    old_rest_message,
    plain_client_of,
)
from tests.wires.openai.serving import Recorder

LONG = "9" * 5000
"""Digits, more than Python reads."""

UNREADABLE: list[tuple[str, object]] = [
    ("v1/message:send", []),
    ("v1/message:send", {"message": 7}),
    ("v1/message:send", old_rest_message(content=[{}])),
    ("v1/message:send", old_rest_message(content=[{"file": {"fileWithBytes": 1.5}}])),
    ("v1/message:send", old_rest_message(content=[{"file": {"fileWithBytes": "eA=="}}])),
    ("v1/message:stream", old_rest_message(content=[{}])),
    ("v1/message:stream", old_rest_message(messageId=[])),
    ("v1/tasks/x/pushNotificationConfigs", {"config": 7}),
    ("v1/tasks/x?historyLength=1e3", None),
    ("v1/tasks/x?historyLength=99999999999", None),
    ("v1/tasks/x?history_length=99999999999", None),
    (f"v1/tasks/x?historyLength={LONG}", None),
    (f"tasks/x?historyLength={LONG}", None),
    (f"tasks?pageSize={LONG}", None),
    ("message:send", []),
    ("message:send", {"message": message({"data": 10**400})}),
    ("message:stream", {"message": 7}),
    ("tasks/x/pushNotificationConfigs", []),
]


@pytest.mark.parametrize(("path", "body"), UNREADABLE, ids=range(len(UNREADABLE)))
async def test_what_no_route_can_read_is_no_fault_of_the_server(
    path: str, body: object, caplog: pytest.LogCaptureFixture
) -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    headers = {} if path.startswith("v1/") else TODAY
    async with plain_client_of(runtime, headers=headers) as client:
        method = "GET" if body is None else "POST"
        answer = await client.request(method, f"/a2a/default/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert "sys." not in answer.text
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    assert not agent.requests


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"type": "hologram", "text": "hi"}, -32602),
        ({"type": ["text"], "text": "hi"}, -32602),
        ({"kind": "hologram", "text": "hi"}, -32602),
        ({"type": "text", "text": "hi"}, None),
        ({"text": "hi"}, None),
    ],
)
async def test_a_part_of_an_unknown_kind_is_refused_however_old_the_client_is(
    part: Json, code: int | None
) -> None:
    async with plain_client_of(CopilotRuntime({"default": Recorder()}), headers={}) as client:
        answer = await called(client, "message/send", {"message": old_message(part)})
    assert answer.json().get("error", {}).get("code") == code


TWICE = (
    b'{"message":{"messageId":"m","role":"ROLE_USER","content":[{"text":"a","text":"\\ud83d"}]}}'
)


@pytest.mark.parametrize("method", ["send", "stream"])
async def test_keys_that_come_twice_and_halves_of_characters_are_read_as_by_every_wire(
    method: str,
) -> None:
    runtime = CopilotRuntime({"default": (agent := Recorder())})
    async with plain_client_of(runtime, headers={"content-type": "application/json"}) as client:
        answer = await client.post(f"/a2a/default/v1/message:{method}", content=TWICE)
        named = await client.post(
            "/a2a/default", content=b'{"jsonrpc":"2.0","id":"\\ud83d","method":"tasks/get"}'
        )
    assert answer.status_code == 200
    assert agent.requests[0].messages[-1].content == "\ufffd"
    assert named.json()["id"] == "\ufffd"
