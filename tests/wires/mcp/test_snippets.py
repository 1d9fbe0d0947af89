"""The client in docs/mcp.md does what the page says."""

from __future__ import annotations

import asyncio
import sys

from agui_runtime import CopilotRuntime
from tests.wires.mcp.serving import Echo, serving
from tests.wires.openai.snippets import snippets


async def test_the_client_of_the_documentation_works() -> None:
    async with serving(CopilotRuntime({"default": Echo()})) as origin:
        [code] = snippets("py", origin, "mcp.md")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
        )
        report, _ = await process.communicate()
    assert process.returncode == 0
    said = [line for line in report.decode().splitlines() if not line.startswith("...")]
    assert said == ["1: Hello", "2: More"]
