"""The snippets of a page of the documentation, carried out as programs."""

from __future__ import annotations

import asyncio
import re
import sys

from tests.programs import ROOT

COMMANDS = {"py": [sys.executable, "-c"], "bash": ["bash", "-euc"]}
"""What carries out a language's snippets."""

_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def snippets_of(page: str) -> list[tuple[str, str]]:
    """The language and the code of each that is in one of these languages."""
    text = (ROOT / "docs" / page).read_text()
    return re.findall(r"^```(py|bash)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


async def output_of(language: str, code: str, origin: str) -> str:
    """What the snippet writes when the server that it names is at this origin; it must succeed."""
    code, count = _ADDRESS.subn(origin, code)
    assert count
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[language], code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()
