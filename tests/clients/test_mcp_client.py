"""The published MCP client of npm against this server, unmodified."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.clients.browser import node
from tests.wires.mcp.serving import Asker, a_runtime, serving
from tests.wires.openai.serving import Held

CLIENT = Path(__file__).parent / "mcp" / "client.mjs"


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hel"}
    raise ModelFailure("UNAVAILABLE", "the model broke off")


async def test_it_calls_goes_on_answers_and_cancels() -> None:
    held = Held()
    runtime = a_runtime(asker=Asker(), failing=failing, held=held)
    async with serving(runtime) as origin:
        process = await asyncio.create_subprocess_exec(
            node(), str(CLIENT), origin, stdout=asyncio.subprocess.PIPE
        )
        report, _ = await process.communicate()
        await held.closed.wait()
    assert process.returncode == 0
    found = json.loads(report)
    assert sorted(found.pop("tools")) == ["asker", "default", "failing", "held"]
    assert "enough" in found.pop("cancelled")
    assert found == {
        "text": "1: hi",
        "more": "2: hi",
        "forms": ["May I book?"],
        "booked": "Well.\n\nBooked.",
        "failed": True,
    }
