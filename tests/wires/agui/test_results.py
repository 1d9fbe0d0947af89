"""What a page's tools return: whatever it is, the thread goes on."""

from __future__ import annotations

from typing import Any

import pytest

from agui_runtime.runtime.runtime import CopilotRuntime
from tests.runtime.worlds import Scripted, text
from tests.wires.agui.serving import run_body, serving

SOURCE = {"type": "data", "value": "aGk=", "mimeType": "image/png"}
IMAGE = {"type": "image", "source": SOURCE}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("returned", "content"),
    [
        ({}, ""),
        ({"content": None}, ""),
        ({"content": ""}, ""),
        ({"content": "42"}, "42"),
        ({"content": 42}, "42"),
        ({"content": False}, "false"),
        ({"content": {"n": [1]}}, '{"n":[1]}'),
        ({"content": []}, "[]"),
        ({"content": [1, 2]}, "[1,2]"),
        ({"content": [{"type": "other"}]}, '[{"type":"other"}]'),
        ({"content": [IMAGE]}, [IMAGE]),
        ({"content": "", "error": "no camera"}, ""),
    ],
)
async def test_whatever_a_pages_tool_returns_the_thread_goes_on(
    returned: dict[str, Any], content: object
) -> None:
    agent = Scripted(*text("m1", "Thanks"))
    history = [
        {"id": "u1", "role": "user", "content": "hi"},
        {"id": "a1", "role": "assistant", "content": "", "toolCalls": [CALL]},
        {"id": "r1", "role": "tool", "toolCallId": "c", **returned},
    ]
    async with serving(CopilotRuntime({"default": agent})) as server:
        answer = await server.post("/agent/default/run", json=run_body(messages=history))
    assert answer.status_code == 200, answer.text
    [request] = agent.asked
    result = request.messages[2].model_dump(mode="json", by_alias=True)
    assert result["content"] == content
