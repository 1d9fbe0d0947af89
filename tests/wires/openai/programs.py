"""Programs that are clients of this server, in an interpreter of their own."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.wires.openai.serving import serving
from tests.wires.openai.snippets import snippet
from tests.wires.openai.story import a_runtime


async def told_by(python: str | Path, program: Path, name: str) -> dict[str, dict[str, Any]]:
    """What each client of the program makes of the story, after the snippet of that name in the
    documentation, which has to work.
    """
    async with serving(a_runtime()) as origin:
        process = await asyncio.create_subprocess_exec(
            *(str(python), str(program), origin),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        report, _ = await process.communicate(snippet("py", name, origin).encode())
    assert process.returncode == 0
    by_snippet, story = report.decode().splitlines()
    assert by_snippet == "Hello world"
    found: dict[str, dict[str, Any]] = json.loads(story)
    for client, made in found.items():
        assert "the model broke off" in made.pop("failure"), client
    return found
