"""The examples of the page about A2A, each against a server."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from agui_runtime import CopilotRuntime
from tests.programs import ROOT
from tests.wires.a2a.serving import serving
from tests.wires.openai.serving import Recorder

SERVER = "http://127.0.0.1:4000"
PAGE = (ROOT / "docs" / "a2a.md").read_text()
COMMANDS = {"py": [sys.executable, "-c"], "bash": ["bash", "-euc"]}
BLOCKS = re.findall(r"^```(py|bash)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("language", "code"), BLOCKS)
async def test_an_example_of_a_client_gets_an_answer(language: str, code: str) -> None:
    assert SERVER in code
    async with serving(CopilotRuntime({"default": Recorder()})) as origin:
        process = await asyncio.create_subprocess_exec(
            *COMMANDS[language],
            code.replace(SERVER, origin),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "Hello " in output.decode()
    assert "world" in output.decode()


def test_the_page_has_an_example_of_each_generation_and_of_the_sdk() -> None:
    assert [language for language, _ in BLOCKS] == ["py", "bash", "bash"]
