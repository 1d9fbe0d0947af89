"""AgentScope's own models of OpenAI's protocols, unmodified, as clients of this server.

A program does it, because these models leave connections open that only the end of a process
closes.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from tests.wires.openai.serving import serving
from tests.wires.openai.snippets import snippet
from tests.wires.openai.story import MADE_OF_IT, a_runtime

CLIENT = Path(__file__).parent / "agentscope_client.py"


async def test_agentscope_s_models_read_answers_use_tools_and_notice_failures() -> None:
    """With the snippet of the documentation first, because to import it takes seconds."""
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CLIENT), origin),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        report, _ = await process.communicate(snippet("py", "agentscope", origin).encode())
    assert process.returncode == 0
    by_snippet, story = report.decode().splitlines()
    assert by_snippet == "Hello world"
    found = json.loads(story)
    assert found.keys() == {"OpenAIChatModel", "OpenAIResponseModel"}
    for model, made in found.items():
        assert "the model broke off" in made.pop("failure"), model
        assert made == MADE_OF_IT, model
