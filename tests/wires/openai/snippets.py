"""The snippets of docs/openai.md, or of another page, for a server that is somewhere else."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
THERE = "http://127.0.0.1:4000"


def snippets(language: str, origin: str, page: str = "openai.md") -> list[str]:
    """Those in that language, in the page's order."""
    text = (DOCS / page).read_text()
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert all(THERE in block for block in blocks)
    return [block.replace(THERE, origin) for block in blocks]


def snippet(language: str, word: str, origin: str) -> str:
    """The one with that word in it."""
    [found] = [each for each in snippets(language, origin) if word in each]
    return found


async def run(word: str, origin: str) -> None:
    """Run the Python one with that word in it."""
    code = compile(snippet("py", word, origin), "openai.md", "exec")
    await asyncio.to_thread(exec, code, {})
