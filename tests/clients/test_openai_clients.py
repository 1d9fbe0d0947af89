"""The published OpenAI client of npm and the AI SDK against this server, unmodified."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from tests.clients.browser import node
from tests.wires.openai.server_calls import FAILURE, steps
from tests.wires.openai.serving import serving
from tests.wires.openai.snippets import snippets
from tests.wires.openai.story import MADE_OF_IT, a_runtime

CLIENT = Path(__file__).parent / "openai" / "client.mjs"

STEPS = [*steps("completed"), *steps("failed")]
CALLS = [{"output": "42", "error": None}, {"output": None, "error": FAILURE}]


async def test_snippets_of_the_documentation_work() -> None:
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            *(node(), "--input-type=module", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            cwd=CLIENT.parent,  # where the packages are
        )
        report, _ = await process.communicate("".join(snippets("js", origin)).encode())
    assert process.returncode == 0
    assert report.decode().splitlines() == ["Hello world"] * 2


async def test_clients_of_npm_read_answers_use_tools_and_notice_failures() -> None:
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            node(), str(CLIENT), f"{origin}/v1", stdout=asyncio.subprocess.PIPE
        )
        report, _ = await process.communicate()
    assert process.returncode == 0
    found = json.loads(report)
    models = ["acting", "careful", "default", "failing", "seeing", "weather"]
    assert sorted(found["openai"].pop("models")) == models
    results = {"questions": 1, "results": ["removed"], "text": "Done.", "after": "Hello world"}
    assert found.pop("approval") == results
    assert found.pop("acting") == {"steps": STEPS, "calls": CALLS, "aiSdk": CALLS}
    assert found.keys() == {"openai", "responses", "aiSdk", "aiSdkResponses"}
    for client in found:
        assert "the model broke off" in found[client].pop("failure"), client
        assert found[client] == MADE_OF_IT, client
