"""The README's Python examples, run in order in one namespace as a reader would type them."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from fastapi import FastAPI

from tests.support import served

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.DOTALL | re.MULTILINE)


async def test_the_examples_make_a_server_that_answers() -> None:
    namespace: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "README.md", "exec", dont_inherit=True), namespace)
        app = namespace["app"]
        assert isinstance(app, FastAPI)
        async with served(app) as origin, httpx.AsyncClient() as client:
            answer = await client.post(
                f"{origin}/copilotkit", json={"query": "{ availableAgents { agents { name } } }"}
            )
        names = [agent["name"] for agent in answer.json()["data"]["availableAgents"]["agents"]]
        assert "default" in names
    assert len(BLOCKS) == 4
