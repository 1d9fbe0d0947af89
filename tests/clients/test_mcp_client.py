"""The published MCP client of npm against this server, unmodified."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime.core.errors import ModelFailure
from agui_runtime.core.events import Event
from tests.clients.browser import node
from tests.wires.mcp.serving import Asker, a_runtime, serving
from tests.wires.mcp.test_login import guarded
from tests.wires.openai.serving import Held

FOLDER = Path(__file__).parent / "mcp"


async def failing(request: RunAgentInput) -> AsyncIterator[Event]:
    yield {"type": "TEXT_MESSAGE_CHUNK", "messageId": "m1", "delta": "Hel"}
    raise ModelFailure("UNAVAILABLE", "the model broke off")


async def printed(script: str, origin: str) -> Any:  # noqa: ANN401  # JSON
    """What the script makes of the server."""
    process = await asyncio.create_subprocess_exec(
        node(), str(FOLDER / script), origin, stdout=asyncio.subprocess.PIPE
    )
    report, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(report)


async def test_it_calls_goes_on_answers_and_cancels() -> None:
    held = Held()
    runtime = a_runtime(asker=Asker(), failing=failing, held=held)
    async with serving(runtime) as origin:
        found = await printed("client.mjs", origin)
        await held.closed.wait()
    assert sorted(found.pop("tools")) == ["asker", "default", "failing", "held"]
    assert "enough" in found.pop("cancelled")
    assert found == {
        "text": "1: hi",
        "more": "2: hi",
        "forms": ["May I book?"],
        "booked": "Well.\n\nBooked.",
        "failed": True,
    }


async def test_it_logs_in_where_the_server_says() -> None:
    async with guarded() as (origin, _, logins):
        assert await printed("login.mjs", origin) == "1: hi"
    assert logins.resources == [f"{origin}/mcp"]
