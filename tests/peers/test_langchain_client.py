"""LangChain, unmodified, as a client of this server."""

from __future__ import annotations

import asyncio

from tests.peers.environments import HERE, environment
from tests.wires.openai.programs import told_by
from tests.wires.openai.story import MADE_OF_IT


async def test_langchain_reads_answers_uses_tools_and_notices_failures() -> None:
    python = await asyncio.to_thread(environment, "langchain-openai")
    found = await told_by(python, HERE / "servers" / "langchain_client.py", "langchain")
    assert [name for name, made in found.items() if not made["thought"]] == ["chat"]
    for protocol, made in found.items():
        made["thought"] = made["thought"] or MADE_OF_IT["thought"]
        assert made == MADE_OF_IT, protocol
