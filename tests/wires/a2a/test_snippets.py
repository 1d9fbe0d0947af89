"""The examples of the page about A2A, each against a server."""

from __future__ import annotations

import pytest

from agui_runtime import CopilotRuntime
from tests.wires.a2a.serving import serving
from tests.wires.openai.serving import Recorder
from tests.wires.snippets import output_of, snippets_of

SNIPPETS = snippets_of("a2a.md")


@pytest.mark.parametrize(("language", "code"), SNIPPETS)
async def test_an_example_of_a_client_gets_an_answer(language: str, code: str) -> None:
    async with serving(CopilotRuntime({"default": Recorder()})) as origin:
        output = await output_of(language, code, origin)
    assert "Hello " in output
    assert "world" in output


def test_the_page_has_an_example_of_each_generation_and_of_the_sdk() -> None:
    assert [language for language, _ in SNIPPETS] == ["py", "bash", "bash"]
