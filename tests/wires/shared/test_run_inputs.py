"""What an agent gets of requests that leave something out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from copy import deepcopy
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.events import Event
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.wires.agui.serving import run_body, serving

OPTIONAL = ("tools", "context", "state", "forwardedProps")


async def test_what_an_agent_writes_into_its_request_no_other_request_has() -> None:
    seen: list[dict[str, Any]] = []

    async def agent(request: RunAgentInput) -> AsyncIterator[Event]:
        given = {name: getattr(request, name) for name in ("tools", "context", "state")}
        given["forwardedProps"] = request.forwarded_props
        seen.append(deepcopy(given))
        assert request.state is not None and request.forwarded_props is not None
        request.state["secret"] = request.forwarded_props["secret"] = request.thread_id
        yield {"type": "STATE_SNAPSHOT", "snapshot": {}}

    async with serving(CopilotRuntime({"default": agent})) as client:
        for thread in ("anns", "bobs"):
            body = run_body(thread=thread, run=thread)
            sent = {name: value for name, value in body.items() if name not in OPTIONAL}
            assert (await client.post("/agent/default/run", json=sent)).status_code == 200
    assert seen == [{"tools": [], "context": [], "state": {}, "forwardedProps": {}}] * 2
