"""LangChain, unmodified, as a client of this server."""

from __future__ import annotations

import asyncio
import json

from tests.peers.environments import HERE, environment
from tests.wires.openai.serving import serving
from tests.wires.openai.snippets import snippet
from tests.wires.openai.story import MADE_OF_IT, a_runtime


async def test_langchain_reads_answers_uses_tools_and_notices_failures() -> None:
    python = await asyncio.to_thread(environment, "langchain-openai")
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            *(str(python), str(HERE / "servers" / "langchain_client.py"), origin),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        report, _ = await process.communicate(snippet("py", "langchain", origin).encode())
    assert process.returncode == 0
    by_snippet, story = report.decode().splitlines()
    assert by_snippet == "Hello world"
    found = json.loads(story)
    assert [name for name, made in found.items() if not made["thought"]] == ["chat"]
    for protocol, made in found.items():
        assert "the model broke off" in made.pop("failure"), protocol
        made["thought"] = made["thought"] or MADE_OF_IT["thought"]
        assert made == MADE_OF_IT, protocol
