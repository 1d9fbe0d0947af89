"""The server's own page for everybody: on a phone, in both colour schemes, with
a token, below a prefix; and how much of it a browser has to load.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.requests import Request

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.core.events import Caller
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.wires.ui.files import BUILT
from tests.clients.browser import Json, Tab
from tests.clients.conftest import ARTIFACTS
from tests.clients.page import DARK, PHONE, PageOfServer, Visitor, server, visiting
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURES = ARTIFACTS / "page" / "pictures"

ENTRY = 700 * 1024
ALL = 2 * 1024 * 1024
"""Bytes, compressed, of what a chat loads at first, and of all files together."""

VIEWS = {
    "State": "Choose one.",
    "Memory": "This server remembers nothing",
    "Numbers": "Failures by code",
    "Agents": "skilled description",
    "Connect": "Connect a front end",
}
"""In the navigation beside the chat, with what each shows when it is there."""

HOSTS = re.compile(r"https?://([\w.-]+)")
LINKS = frozenset(
    {
        *("www.w3.org", "react.dev", "github.com", "json-schema.org", "a2ui.org"),
        *("docs.copilotkit.ai", "copilotkit.ai"),
        *(
            "api.cloud.copilotkit.ai",
            "dashboard.operations.copilotkit.ai",
            "localhost",
            "example.com",
        ),
        *("www.ibm.com", "rolldown.rs", "tailwindcss.com", "www.google.com"),
    }
)
"""Hosts that texts of the packages name; `Visitor.leave` shows that none of them is asked."""


@pytest.mark.parametrize("look", [{}, DARK], ids=["light", "dark"])
async def test_axe_finds_nothing_in_any_view(
    visitor: Visitor, look: dict[str, Json], request: pytest.FixtureRequest
) -> None:
    scheme = request.node.callspec.id
    page = await visitor.open(look=look)
    await page.tab.shows(".welcome", "What shall we do?")
    assert await page.findings() == []
    await photograph(page, f"new-{scheme}")
    await page.begin("interrupt")
    await page.tab.shows(".question", "Shall I go on?")
    assert await page.findings() == []
    await photograph(page, f"question-{scheme}")
    await page.tab.click(".menu-button")
    assert await page.findings() == []
    await page.tab.click(".menu button:has-text('Delete')")
    assert await page.findings() == []
    await page.tab.click("dialog button:has-text('Cancel')")
    await page.tab.click("a.message-tool >> nth=-1")
    await page.tab.shows("h1", "Run of default")
    await page.tab.click(".record >> nth=3")
    await page.tab.shows(".raw", "TEXT_MESSAGE_CONTENT")
    assert await page.findings() == []
    await photograph(page, f"run-{scheme}")
    for view, ready in VIEWS.items():
        await page.tab.click(f"nav a:has-text('{view}')")
        await page.tab.shows("main", ready)
        assert await page.findings() == []
        await photograph(page, f"{view.lower()}-{scheme}")
    await page.tab.click("nav a:has-text('Agents')")
    await page.tab.click(".agent a:has-text('skilled') >> nth=0")
    await page.tab.click(".tool summary")
    assert await page.findings() == []
    await photograph(page, f"agent-{scheme}")
    await page.tab.click("nav a:has-text('State')")
    await page.tab.click(".state-threads a >> nth=0")
    await page.tab.click("button:has-text('Edit')")
    await page.tab.fill("textarea", '{"plan": {"steps": ["one"], "done": null}, "progress": 3}')
    assert await page.findings() == []
    await page.tab.click(".state-editor .primary")
    await page.tab.shows(".tree", "progress")
    assert await page.findings() == []
    await photograph(page, f"state-{scheme}")


async def photograph(page: PageOfServer, name: str) -> None:
    await page.tab.screenshot(PICTURES / f"{name}.png")


async def test_the_colour_scheme_is_a_choice_that_stays(visitor: Visitor) -> None:
    page = await visitor.open()
    button = "button[aria-label^='Colours']"
    await page.tab.click(button)
    await page.tab.click(button)
    is_dark = "() => document.documentElement.classList.contains('dark')"
    assert await page.tab.read(is_dark) is True
    await page.tab.reload()
    await page.tab.shows(".welcome", "What shall we do?")
    assert await page.tab.read(is_dark) is True


async def test_a_page_whose_files_an_update_took_away_is_loaded_again_once(
    visitor: Visitor,
) -> None:
    page = await visitor.open()
    await page.tab.shows(".welcome", "What shall we do?")
    lose = "dispatchEvent(new Event('vite:preloadError'))"
    await page.tab.read(f"() => {{ document.body.replaceChildren(); setTimeout(() => {lose}); }}")
    assert await page.tab.text(".welcome")
    await page.tab.read(f"() => {lose}")
    await page.tab.reload()
    await page.tab.shows(".welcome", "What shall we do?")
    loads = [each for each in await page.tab.traffic() if each.url.endswith(("/ui", "/ui/"))]
    assert len(loads) == 3  # the first, that of the update, and the one just before


async def test_on_a_phone_the_list_and_the_chat_take_turns(visitor: Visitor) -> None:
    page = await visitor.open(look=PHONE)
    await page.say("hello from a phone")
    await page.finishes()
    wide = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert await page.tab.read(wide) is False
    await photograph(page, "phone")
    await page.tab.click(".list-button")
    await page.tab.shows(".thread-name", "hello from a phone")
    assert await page.tab.read(wide) is False
    assert await page.findings() == []
    await photograph(page, "phone-threads")
    await page.tab.click(".thread-item:has-text('hello from a phone') a")
    await page.answers("You said: hello from a phone")


async def test_a_token_is_demanded_where_the_server_needs_one_and_held_in_memory_alone(
    home: Tab, album: Path
) -> None:
    def known(asking: Request) -> Caller | None:
        return Caller("ann") if asking.headers.get("authorization") == "Bearer opal" else None

    async with (
        server(authenticate=known) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open()
        await page.tab.shows("dialog", "This server wants to know who is asking.")
        assert await page.findings() == []
        await page.picture("token")
        await page.tab.fill("dialog input", "wrong")
        await page.tab.press("dialog input", "Enter")
        await page.tab.shows("dialog", "does not accept this token")
        await page.tab.fill("dialog input", "opal")
        await page.tab.press("dialog input", "Enter")
        await page.say("hello")
        await page.answers("You said: hello")
        stored = "() => JSON.stringify([location.href, {...localStorage}, {...sessionStorage}])"
        assert "opal" not in str(await page.tab.read(stored))
        await page.tab.reload()
        await page.tab.shows("dialog", "wants to know who is asking")
        link = await visitor.open("/ui/agents")
        await link.tab.shows("dialog", "wants to know who is asking")


async def test_it_works_below_a_prefix(home: Tab, album: Path) -> None:
    outer = FastAPI()
    runtime = CopilotRuntime(agents={"default": DemoAgent(pace=0)})
    outer.mount("/deep/down", create_app(runtime, path="/ai"))
    async with (
        served(outer) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open("/deep/down/")
        await page.say("hello")
        await page.finishes()
        assert (await page.address()).startswith("/deep/down/ui/threads/")
        await page.tab.reload()
        await page.answers("You said: hello")
        await page.tab.click("nav a:has-text('Connect')")
        await page.tab.shows(".copyable code", f"{origin}/deep/down/ai")


async def test_a_chat_loads_no_more_than_it_may(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("hello")
    loaded = {each.url.partition("/ui/")[2] for each in await page.tab.traffic()}
    sizes = {name: size(BUILT / name) for name in loaded if (BUILT / name).is_file()}
    assert sum(sizes.values()) <= ENTRY, sizes


async def test_all_files_together_are_small() -> None:
    files = [each for each in BUILT.rglob("*") if each.is_file() and each.suffix != ".gz"]
    assert sum(size(each) for each in files) <= ALL


async def test_the_files_name_no_host_that_the_page_could_call() -> None:
    scripts = [*BUILT.rglob("*.js"), *BUILT.rglob("*.css"), *BUILT.rglob("*.html")]
    named = {host for each in scripts for host in HOSTS.findall(each.read_text())}
    assert named - LINKS == set()


def size(file: Path) -> int:
    """Of the file as it is sent."""
    small = file.with_name(f"{file.name}.gz")
    return (small if small.is_file() else file).stat().st_size
