"""LiteLLM, unmodified, as a client of this server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

from tests.wires.openai.serving import serving
from tests.wires.openai.snippets import snippet
from tests.wires.openai.story import MADE_OF_IT, a_runtime

CLIENT = Path(__file__).parent / "litellm_client.py"

QUIET = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
"""It would fetch prices from the network."""


async def test_litellm_reads_answers_uses_tools_and_notices_failures() -> None:
    """With the snippet of its documentation first, because to import it takes seconds."""
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CLIENT),
            origin,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=QUIET,
        )
        report, _ = await process.communicate(snippet("py", "litellm", origin).encode())
    assert process.returncode == 0
    by_snippet, *_, story = report.decode().splitlines()  # it prints advice between
    assert by_snippet == "Hello world"
    found = json.loads(story)
    assert "the model broke off" in found.pop("failure")
    assert found == MADE_OF_IT
