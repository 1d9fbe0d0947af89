"""The examples of the page about agent routes, each against a server."""

from __future__ import annotations

import pytest

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text
from tests.support import served
from tests.wires.snippets import COMMANDS, output_of, snippets_of

SNIPPETS = snippets_of("rest.md")


@pytest.mark.parametrize(("language", "code"), SNIPPETS, ids=[each for each, _ in SNIPPETS])
async def test_an_example_of_a_client_reads_a_run_to_its_end(language: str, code: str) -> None:
    runtime = CopilotRuntime({"default": Scripted(*text("m1", "Hello"))})
    async with served(create_app(runtime)) as origin:
        output = await output_of(language, code, origin)
    assert "Hello" in output
    assert "RUN_FINISHED" in output


def test_the_page_has_examples_of_both_kinds() -> None:
    assert {language for language, _ in SNIPPETS} == set(COMMANDS)
