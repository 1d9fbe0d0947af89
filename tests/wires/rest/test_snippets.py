"""The examples of the page about agent routes, each against a server."""

from __future__ import annotations

import asyncio
import re
import sys

import pytest

from agui_runtime import CopilotRuntime, create_app
from tests.programs import ROOT
from tests.runtime.worlds import Scripted, text
from tests.support import served

SERVER = "http://127.0.0.1:8000"
PAGE = (ROOT / "docs" / "rest.md").read_text()
COMMANDS = {"py": [sys.executable, "-c"], "bash": ["bash", "-euc"]}
BLOCKS = re.findall(r"^```(py|bash)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("language", "code"), BLOCKS, ids=[each for each, _ in BLOCKS])
async def test_an_example_of_a_client_reads_a_run_to_its_end(language: str, code: str) -> None:
    assert SERVER in code
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    async with served(create_app(runtime)) as origin:
        process = await asyncio.create_subprocess_exec(
            *COMMANDS[language],
            code.replace(SERVER, origin),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert "Hello" in output.decode()
    assert "RUN_FINISHED" in output.decode()


def test_the_page_has_examples_of_both_kinds() -> None:
    assert {language for language, _ in BLOCKS} == set(COMMANDS)
