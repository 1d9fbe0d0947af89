"""The playground in a real Chromium for which nothing but this machine exists."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeAlias
from urllib.parse import urlsplit

import orjson
import pytest
import pytest_asyncio
from fastapi import FastAPI
from starlette.requests import Request

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.browser import Browser, Json, Tab
from tests.clients.conftest import ARTIFACTS
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

Visit: TypeAlias = Callable[[str], Awaitable[Tab]]

RUN = ".graphiql-execute-button"
RESULT = ".result-window .CodeMirror"
SHOWN = f"() => document.querySelector('{RESULT}').CodeMirror.getValue()"

# Writes into the editor of the headers; a person would open its pane first.
WITH_HEADERS = """(text) => document
    .querySelectorAll(".graphiql-editor-tool .CodeMirror")[1].CodeMirror.setValue(text)"""

EXAMPLES = ("Chat", "State", "Answer", "Events")


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Visit]:
    """Opens a page of the app; every page is photographed at the end of the test."""
    tabs: list[Tab] = []

    async def open_page(url: str) -> Tab:
        tabs.append(await browser.open(url))
        await holds(tabs[-1], f"() => document.querySelector('{RUN}')")
        return tabs[-1]

    yield open_page
    for number, tab in enumerate(tabs, 1):
        await tab.screenshot(ARTIFACTS / "playground" / request.node.name / f"end-{number}.png")
        await tab.close()


async def holds(tab: Tab, condition: str, given: Json = None) -> None:
    """Wait until the condition, a JavaScript function of `given`, is true.

    The page's policy forbids to compile scripts, which `Tab.wait` has to do on each frame; this one
    is compiled once, from outside of the page.
    """
    script = f"""async (given) => {{
        const deadline = performance.now() + 60_000;
        while (!({condition})(given)) {{
            if (performance.now() > deadline) throw new Error(document.body.innerText);
            await new Promise(requestAnimationFrame);
        }}
    }}"""
    await tab.read(script, given)


async def results_in(tab: Tab, text: str) -> None:
    """Wait until the result has `text` in it; its editor draws only the lines that can be seen."""
    condition = f"""(text) =>
        document.querySelector("{RESULT}").CodeMirror.getValue().includes(text)"""
    await holds(tab, condition, text)


async def run(tab: Tab, example: str, headers: str = "") -> None:
    """Choose the example and run it, as soon as the page knows what to run.

    `headers` is the text for their editor.
    """
    place = EXAMPLES.index(example) + 1
    await tab.click(f".graphiql-tab:nth-of-type({place}) button")
    chosen = "(name) => localStorage.getItem('graphiql:operationName') === name"
    await holds(tab, chosen, example)
    await tab.read(WITH_HEADERS, headers)
    await tab.click(RUN)


class Steps:
    """How many events an agent may emit that waits here after each."""

    def __init__(self, number: int = 0) -> None:
        self._steps = asyncio.Semaphore(number)

    def allow(self, number: int) -> None:
        for _ in range(number):
            self._steps.release()

    async def wait(self, _: float) -> None:
        await self._steps.acquire()


def app(steps: Steps) -> FastAPI:
    return create_app(CopilotRuntime(agents={"default": DemoAgent(wait=steps.wait)}))


async def test_a_query_a_growing_answer_and_a_subscription_run_in_the_page(visit: Visit) -> None:
    steps = Steps(4)
    async with served(app(steps)) as origin:
        tab = await visit(f"{origin}/copilotkit")

        await run(tab, "Chat")
        await results_in(tab, "TextMessageOutput")
        for _ in range(4):
            shown = str(await tab.read(SHOWN))
            steps.allow(3)
            await holds(tab, f"(before) => ({SHOWN})().length > before.length", shown)
        steps.allow(100_000)
        await results_in(tab, '"Success"')
        await tab.screenshot(ARTIFACTS / "playground" / "chat.png")

        await run(tab, "State")
        await results_in(tab, '"threadExists": true')

        await run(tab, "Answer")
        await results_in(tab, '"Success"')
        await results_in(tab, '"Started"')

        await run(tab, "Events")
        await holds(
            tab, f"() => ({SHOWN})().split('\"RUN_FINISHED\"').length === 5"
        )  # type and event
        shown = orjson.loads(str(await tab.read(SHOWN)))["data"]["runEvents"]
        types = [each["type"] for each in shown]
        assert types[:2] == ["RUN_STARTED", "TEXT_MESSAGE_START"]
        assert [types.count("RUN_STARTED"), types.count("RUN_FINISHED")] == [2, 2]
        await tab.click(RUN)  # which stops it

        addresses = {urlsplit(each.url).netloc for each in await tab.traffic()}
        assert addresses == {urlsplit(origin).netloc}


async def test_it_works_wherever_it_is_mounted_and_says_who_is_asking(visit: Visit) -> None:
    """What stands in the editor of headers goes with every request, and with a WebSocket's init."""

    def known(request: Request) -> Caller | None:
        return Caller("ann") if request.headers.get("authorization") == "ann" else None

    runtime = CopilotRuntime(agents={"default": DemoAgent(pace=0)}, authenticate=known)
    outer = FastAPI()
    outer.mount("/deep/down", create_app(runtime, path="/ai"))
    async with served(outer) as origin:
        tab = await visit(f"{origin}/deep/down/ai")
        await run(tab, "Chat")
        await results_in(tab, "AUTHENTICATION_ERROR")
        for example in ("Chat", "Answer"):
            await run(tab, example, '{"authorization": "ann"}')
            await results_in(tab, '"Success"')
        [thread] = (await runtime.threads.list(Caller("ann"))).threads
    assert thread.thread_id == "playground"


async def test_the_explorer_shows_the_schema(visit: Visit) -> None:
    async with served(app(Steps())) as origin:
        tab = await visit(f"{origin}/graphql")
        await tab.click("button[aria-label='Show GraphiQL Explorer']")
        await holds(tab, "() => document.body.innerText.includes('executeAgent')")
        await tab.click("button[aria-label='Show Documentation Explorer']")
        await holds(tab, "() => document.body.innerText.includes('Subscription')")
