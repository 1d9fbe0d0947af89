"""Code in answers, on the server's own page in a real Chromium: coloured, in both schemes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.browser import Json
from tests.clients.page import DARK, PageOfServer, Visitor
from tests.fakes.agents import Events, ScriptedAgent, say
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAMPLES = {
    "python": 'async def weigh(coin: str) -> int:\n    """In grams."""\n    return 3  # or so',
    "ts": "const mint = async (n: number): Promise<string[]> => [`${n} coins`];",
    "json": '{"coin": "gold", "grams": 3.5, "real": true}',
    "bash": 'for coin in *.txt; do echo "$coin"; done',
    "html": '<p class="coin">Gold <!-- real --></p>',
    "css": ".coin { color: gold; width: 3px; }",
    "sql": "select name, 3 from coin where metal = 'gold' -- real",
    "yaml": "coin: gold\ngrams: 3",
    "go": 'func main() { println("gold", 3) }',
    "rust": 'fn main() { println!("gold {}", 3); }',
    "java": 'class Coin { String metal = "gold"; }',
    "diff": "-silver\n+gold",
}
PLAIN = {"brainfuck": "+[-->-[>>+>-----<<]<--<---]>-."}

COLOURS = """(language) => {
    const body = document.querySelector(
        `[data-streamdown=code-block-body][data-language="${language}"]`);
    const spans = [...body?.querySelectorAll("code > span > span") ?? []];
    return [...new Set(spans.map((each) => getComputedStyle(each).color))];
}"""
COLOURED = f"""(languages) => languages.every((each) => ({COLOURS})(each).length > 1)"""


async def code_agent(request: RunAgentInput) -> Events:
    blocks = [f"```{name}\n{code}\n```\n\n" for name, code in {**SAMPLES, **PLAIN}.items()]
    async for event in say(f"code-{request.run_id}", blocks):
        yield event


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def origin() -> AsyncIterator[str]:
    runtime = CopilotRuntime(agents={"default": ScriptedAgent("default", code_agent)})
    async with served(create_app(runtime)) as origin:
        yield origin


@pytest.mark.parametrize("look", [{}, DARK], ids=["light", "dark"])
async def test_code_in_an_answer_is_coloured_and_readable(
    visitor: Visitor, look: dict[str, Json], request: pytest.FixtureRequest
) -> None:
    page = await visitor.open(look=look)
    await page.begin("show me code")
    await page.tab.wait(COLOURED, list(SAMPLES))
    assert len(await colours(page, "brainfuck")) == 1
    assert await page.texts("[data-language=python] code > span:first-child") == [
        SAMPLES["python"].splitlines()[0]
    ]
    assert await page.findings() == []
    await page.picture(request.node.callspec.id)


async def test_a_chat_without_code_loads_no_grammar(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.tab.wait("() => document.querySelector('.welcome')")
    loaded = [urlsplit(each.url).path for each in await page.tab.traffic()]
    assert not [each for each in loaded if "/python" in each or "/code-block" in each]


async def colours(page: PageOfServer, language: str) -> list[Json]:
    found = await page.tab.read(COLOURS, language)
    assert isinstance(found, list)
    return found
