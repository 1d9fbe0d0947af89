"""A run that is copied from the server's own page as a test, which is then run as it came."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from ag_ui.core import RunAgentInput, RunErrorEvent

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.moving.threads import import_lines
from tests.clients.page import DARK, PageOfServer, Visitor
from tests.fakes.agents import Events, ScriptedAgent, backend_tool_agent, say
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")


class ModelThatComesBack:
    """A script that fails until it is `mended`."""

    mended = False

    async def __call__(self, request: RunAgentInput) -> Events:
        questions = [str(each.content) for each in request.messages if each.role == "user"]
        async for event in say(f"m-{request.run_id}", [f"Heard {', '.join(questions)}"]):
            yield event
        if questions[-1] == "fail" and not self.mended:
            yield RunErrorEvent(message="the model's ''' is broken", code="BROKEN")


MODEL = ModelThatComesBack()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    agents = {
        "default": DemoAgent(pace=0),
        "weigher": ScriptedAgent("weigher", backend_tool_agent),
        "model": ScriptedAgent("model", MODEL),
    }
    async with served(create_app(CopilotRuntime(agents=agents))) as origin:
        yield origin


async def copied(page: PageOfServer, button: str) -> str:
    """What is in the clipboard after the button was pressed, pasted into a field of the chat."""
    await page.tab.click(f"button:has-text('{button}')")
    await page.tab.shows("dialog h2", "The test is copied")
    assert await page.findings() == []
    await page.picture("copied")
    await page.tab.click("dialog button:has-text('Close')")
    await page.tab.click(".back")
    await page.tab.wait("() => document.querySelector('.conversation[aria-busy=false]')")
    await page.tab.press("textarea", "Control+V")
    pasted = await page.tab.wait("() => document.querySelector('textarea').value")
    return str(pasted)


async def tried(folder: Path, text: str) -> tuple[int, str]:
    """The exit code and the output of pytest over a file of that text."""
    file = folder / "test_run.py"
    file.write_text(text)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", file.name),
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_a_failed_run_is_a_test_that_fails_until_the_agent_is_mended(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = await visitor.open("/ui?agent=model")
    await page.begin("one")
    await page.say("fail")
    await page.tab.shows("[role=alert]", "is broken")
    await page.tab.wait("() => document.querySelectorAll('a.message-tool').length > 1")
    await page.tab.click("a.message-tool >> nth=-1")
    await page.tab.shows(".figures", "BROKEN")
    text = await copied(page, "Copy as a failing test")
    code, output = await tried(tmp_path, text)
    assert (code, "BROKEN" in output) == (1, True), output
    MODEL.mended = True
    expecting = text.replace('EXPECTED = ""', 'EXPECTED = "Heard one, fail"')
    code, output = await tried(tmp_path, expecting)
    assert code == 0, output
    await can_be_imported(text)


async def can_be_imported(text: str) -> None:
    """The lines in the test are those of an export."""
    exported = text.split("EXPORTED = r'''\n")[1].split("'''")[0].encode()
    store = MemoryStore()
    await store.open()
    moved = await import_lines(store, exported.split(b"\n"))
    assert (moved.threads, moved.runs, moved.problems) == (1, 1, {})
    await store.close()


async def test_a_finished_run_is_a_test_of_its_tools_and_of_what_is_written_into_it(
    visitor: Visitor, tmp_path: Path
) -> None:
    page = await visitor.open("/ui?agent=weigher", look=DARK)
    await page.begin("use it")
    await page.tab.click("a.message-tool")
    await page.tab.shows(".figures", "Finished")
    text = await copied(page, "Copy as a test")
    assert (await tried(tmp_path, text))[0] == 0
    code, output = await tried(tmp_path, text.replace('EXPECTED = ""', 'EXPECTED = "43"'))
    assert (code, "The answer is 42" in output) == (1, True), output
    code, output = await tried(tmp_path, text.replace('"lookup"', '"consult"'))
    assert (code, "consult" in output) == (1, True), output


async def test_a_run_that_answers_a_question_is_no_test_by_itself(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("interrupt")
    await page.tab.shows(".question", "Shall I go on?")
    await page.tab.click(".question button >> nth=0")
    await page.answers("So I go on.")
    await page.finishes()
    await page.tab.click("a.message-tool >> nth=-1")
    await page.tab.click("button:has-text('Copy as a test')")
    await page.tab.shows("[role=status]", "answers an interrupt is no test by itself")
