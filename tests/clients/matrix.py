"""The pages of CopilotKit 1.0 and 1.10, as they stand, on all its releases, in Chromium.

`python3 scripts.py matrix [release ...]` runs it and writes README's table; it is no test.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from scripts import ROOT, find_node, npm_build, run, say
from tests.clients.browser import Browser
from tests.clients.chat import ASSISTANT, Chat
from tests.clients.conftest import Pages
from tests.clients.site import serve
from tests.clients.world import World, start_world, words

# The last patch of each minor release up to 1.10; 1.2 was never published.
OLDER = ("1.0.8", "1.1.2", "1.3.15", "1.4.7", "1.5.20", "1.6.0", "1.7.1", "1.8.14", "1.9.3")
RELEASES = (*OLDER, "1.10.6", "1.50.1", "1.54.1", "1.56.5", "1.60.2", "1.69.3", "1.74.0")
PAGE = Path(__file__).parent / "copilotkit-1.10"
OLDER_PAGE = Path(__file__).parent / "copilotkit-1.0"
WORKSHOP = ROOT / ".matrix"
README = ROOT / "README.md"
BEGIN, END = "<!-- matrix -->", "<!-- /matrix -->"

Results: TypeAlias = Mapping[str, str]
"""`yes`, `no`, or `none` where the release has no such thing, by scenario."""

Scenario: TypeAlias = Callable[[Pages[Chat], World], Awaitable[None]]


async def chat(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime)
    await page.say("[n:9] [wait:3]")
    await page.tab.shows(ASSISTANT, "tok1")
    await world.model.go_on()
    await page.answers("tok8")
    await page.say("and now?")
    await page.answers("You said: and now?")


async def tool(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime, scenario="frontend-actions")
    await page.say('[tool:setColor {"color":"teal"}]')
    await page.answers("Tool result: the swatch is teal")
    assert await page.texts("#color") == ["teal"]


async def agent(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime, agent="state_agent", scenario="agent-state")
    await page.tab.shows("#state", "dogs")
    await page.say("work")
    await page.answers("State done")
    await page.tab.shows("#state", '"progress":100')


async def stop(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime)
    await page.say("[n:1000] [delay:20]")
    await page.tab.shows(ASSISTANT, "tok3")
    await page.stop()
    await page.idle()
    await page.say("still there?")
    await page.answers("You said: still there?")
    assert "tok999" not in (await page.messages())[1][1]


async def reload(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime, agent="default", threadId="thread-1")
    await page.say("[n:5]")
    await page.answers("tok4")
    await page.tab.reload()
    await page.answers("tok4")
    assert await page.messages() == [("user", "[n:5]"), ("assistant", words(5))]


async def interrupt(pages: Pages[Chat], world: World) -> None:
    page = await pages.open(runtimeUrl=world.runtime, agent="interrupt_agent", scenario="interrupt")
    await page.say("do it")
    await page.tab.shows("#question", "Approve?")
    await page.tab.click("#agree")
    await page.tab.shows(ASSISTANT, "Resumed with yes, go on")


SCENARIOS: Sequence[Scenario] = (chat, tool, agent, stop, reload, interrupt)

HAS = "() => document.documentElement.dataset.has ?? 'agent reload interrupt'"
NOT_EVERYWHERE = frozenset({"agent", "reload", "interrupt"})


async def tried(browser: Browser, release: str, site: str) -> Results:
    """Which scenarios work on this release; why one does not is said."""
    results: dict[str, str] = {}
    lacking = NOT_EVERYWHERE - await has(browser, release, site)
    for scenario in SCENARIOS:
        name = scenario.__name__
        if name in lacking:
            results[name] = "none"
            continue
        async with start_world() as world:
            pages = Pages(browser, f"{site}/", Chat, WORKSHOP / release / name)
            try:
                await scenario(pages, world)
                results[name] = "yes"
            except AssertionError as failure:
                say(f"{release}, {name}: {failure}")
                results[name] = "no"
            finally:
                await pages.close()
    return results


async def has(browser: Browser, release: str, site: str) -> set[str]:
    """What the page found in its release."""
    async with start_world() as world:
        pages = Pages(browser, f"{site}/", Chat, WORKSHOP / release / "has")
        try:
            page = await pages.open(runtimeUrl=world.runtime)
            return set(str(await page.tab.read(HAS)).split())
        finally:
            await pages.close()


def made(release: str) -> Path:
    """The built page on this release; raises CalledProcessError where it cannot be had."""
    project = WORKSHOP / release / "page"
    made_here = shutil.ignore_patterns("node_modules", "dist", "package-lock.json")
    sources = (PAGE, OLDER_PAGE) if release in OLDER else (PAGE,)  # the latter stands on the former
    for source in sources:
        shutil.copytree(source, project, ignore=made_here, dirs_exist_ok=True)
    package = json.loads((sources[-1] / "package.json").read_text())
    for name in package["dependencies"]:
        if name.startswith("@copilotkit/"):
            package["dependencies"][name] = release
    (project / "package.json").write_text(json.dumps(package))
    node = find_node()
    options = ("--ignore-scripts", "--no-audit", "--no-fund", "--legacy-peer-deps")
    run(*node.npm, "install", *options, cwd=project, env=node.env)
    npm_build(node, project)
    return project / "dist"


async def main(releases: Sequence[str]) -> None:
    table: dict[str, Results] = {}
    async with Browser() as browser:
        for release in releases:
            say(f"CopilotKit {release}")
            try:
                page = made(release)
            except subprocess.CalledProcessError as failure:
                say(f"{release} cannot be tried: {failure}")
                continue
            with serve(page) as site:
                table[release] = await tried(browser, release, site)
    written = written_into(README.read_text(), drawn(table))
    README.write_text(written)


def drawn(table: Mapping[str, Results]) -> str:
    names = [scenario.__name__ for scenario in SCENARIOS]
    rows = [["CopilotKit", *names], ["---"] * (len(names) + 1)]
    for release, results in table.items():
        rows.append([release, *(results[name] for name in names)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def written_into(text: str, table: str) -> str:
    """The text with the table between its markers; raises ValueError if it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"README.md has no {BEGIN} and {END}: where is the table to go?")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or RELEASES))
