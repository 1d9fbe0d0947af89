"""Takes pictures of each view of the server's own page, in both colour schemes: `python3 scripts.py
pictures`. The README and the documentation show some of them, which are made anew.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from ag_ui.core import RunAgentInput, RunFinishedEvent, TokenUsage

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.memories.memory import Memory
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wrappers import with_memory
from tests.clients.browser import Browser, Json
from tests.clients.page import PageOfServer, StrictTab
from tests.fakes.agents import Events, ScriptedAgent, say
from tests.support import served

ROOT = Path(__file__).parents[2]
ALBUM = Path(__file__).parent / "artifacts" / "page" / "views"
SHOWN = ROOT / "docs" / "img"
SIZE: Json = {"width": 1060, "height": 660}

IN_THE_DOCS = {
    "chat-light": "page-chat",
    "run-dark": "page-run-dark",
    "state-dark": "page-state-dark",
    "memory-light": "page-memory-light",
    "numbers-light": "page-numbers-light",
}
"""The pictures that are shown, and their names there."""

ANSWER = "Take tram 28 from Martim Moniz: it climbs through Graça and Alfama to Estrela."


async def guide(request: RunAgentInput) -> Events:
    """Knows its way around Lisbon."""
    async for event in say(f"m-{request.run_id}", ANSWER.partition(":")):
        yield event
    usage = TokenUsage(provider="openai", model="gpt-4o-mini", input_tokens=412, output_tokens=58)
    ids = {"thread_id": request.thread_id, "run_id": request.run_id}
    yield RunFinishedEvent(**ids, usage=[usage])


async def opened(browser: Browser, address: str, scheme: str) -> PageOfServer:
    tab = await browser.open(address, look={"viewport": SIZE, "colorScheme": scheme})
    return PageOfServer(StrictTab(tab.name, browser), ALBUM)


async def photograph_demo(browser: Browser, origin: str, scheme: str) -> None:
    """The chat, and the state, of a server that nobody has set up."""
    page = await opened(browser, f"{origin}/ui", scheme)
    await page.begin("Hello")
    await page.answers("OPENAI_API_KEY")
    await page.picture(f"chat-{scheme}")
    await page.begin("Change the state")
    await page.tab.click("a.message-tool")
    await page.tab.click(".page-header a:has-text('State')")
    await page.tab.shows(".run-changes", "Finished")
    await page.tab.click(".run-changes summary")
    await page.tab.shows(".changes", "progress")
    await page.picture(f"state-{scheme}")
    await page.tab.close()


async def photograph_guide(browser: Browser, origin: str, scheme: str) -> None:
    """A run with its cost, what is remembered, the agents, and the numbers of all runs."""
    page = await opened(browser, f"{origin}/ui?agent=guide", scheme)
    await page.begin("Please call me Ann. I live in Lisbon. Remember that I never eat meat.")
    await page.begin("Which tram shows me the old town?")
    await page.tab.click("a.message-tool")
    await page.tab.shows(".figures", "Finished")
    await page.picture(f"run-{scheme}")
    await page.tab.click("nav a:has-text('Memory')")
    await page.tab.shows(".entry", "I never eat meat")
    await page.picture(f"memory-{scheme}")
    await page.tab.click("nav a:has-text('Agents')")
    await page.tab.shows(".agents", "guide")
    await page.picture(f"agents-{scheme}")
    await page.tab.close()
    page = await opened(browser, f"{origin}/ui/numbers?by=agent", scheme)
    await page.tab.shows(".bar-label", "guide")
    await page.picture(f"numbers-{scheme}")
    await page.tab.close()


async def main() -> None:
    memory = Memory(quiet=0.05, anonymous=True)
    knowing = with_memory(ScriptedAgent("guide", guide), memory)
    runtime = CopilotRuntime({"default": DemoAgent(pace=0), "guide": knowing}, memory=memory)
    async with served(create_app(runtime)) as origin, Browser() as browser:
        for scheme in ("light", "dark"):
            await photograph_demo(browser, origin, scheme)
            await photograph_guide(browser, origin, scheme)
    for made, name in IN_THE_DOCS.items():
        shutil.copy(ALBUM / f"{made}.png", SHOWN / f"{name}.png")


if __name__ == "__main__":
    asyncio.run(main())
