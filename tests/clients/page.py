"""What a person does and sees on the page that the server has of its own, at `/ui`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ag_ui.core import RunAgentInput

from agui_runtime.app import create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.core.jsontext import JsonObject
from agui_runtime.runtime.runtime import Authenticate, CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.wrappers import with_breaker
from tests.clients.browser import Json, Tab
from tests.clients.chat import ASSISTANT, Chat
from tests.clients.elsewhere import by_workers, shared, worked_for
from tests.clients.gate import Gate
from tests.fakes.agents import Events, ScriptedAgent, say, scripted_agents, text_agent
from tests.support import served

ROOT = Path(__file__).parents[2]
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"

TOOLS = "Fork from here"
THREADS = ".thread-item .thread-name"
DRAWN = f"""() => document.querySelector(".message-tool") &&
    [...document.querySelectorAll("{ASSISTANT}")].every((answer) =>
        answer.textContent.split("{TOOLS}")[0].trim())"""
READY = "() => document.querySelector('.conversation[aria-busy=false]')"
PHONE: dict[str, Json] = {"viewport": {"width": 390, "height": 780}}
DARK: dict[str, Json] = {"colorScheme": "dark"}

NETWORK = frozenset({"http", "https", "ws", "wss"})

SKILLS: JsonObject = {
    "identity": {"provider": "The mint"},
    "humanInTheLoop": {"supported": True},
    "tools": {
        "supported": True,
        "items": [
            {
                "name": "weigh",
                "description": "Weighs a coin",
                "parameters": {"type": "object", "properties": {"coin": {"type": "string"}}},
            }
        ],
    },
}

GATE = Gate()
"""Where `slow_agent` stands still, after the words `s1` and `s4`."""

FOCUSED = """() => {
    const it = document.activeElement;
    const given = it.labels?.[0];
    const label = (given?.querySelector("span") ?? given)?.textContent;
    const name = it.ariaLabel || label || it.placeholder || it.textContent;
    return (it.id === "content" ? it.id : name).trim();
}"""
"""What a screen reader would call the element that has the focus."""

RINGED = """() => {
    if (document.activeElement.matches("textarea")) return true; // its caret shows it
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(document.activeElement);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) > 0) || boxShadow !== "none";
}"""

FINDINGS = """async () => {
    const { violations } = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    });
    return violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, any }) => `${id}: ${any[0]?.message ?? ""} ${html.slice(0, 160)}`));
}"""


@dataclass(frozen=True)
class StrictTab(Tab):
    """A tab of a page whose policy forbids to compile scripts, which `Tab.wait` has to do on each
    frame; here a script is compiled once, from outside of the page.
    """

    async def wait(self, script: str, given: Json = None) -> Json:
        patient = f"""async (given) => {{
            const deadline = performance.now() + 60_000;
            for (;;) {{
                const value = ({script})(given);
                if (value) return value === true || typeof value === "string" ? value : true;
                if (performance.now() > deadline) throw new Error(document.body.innerText);
                await new Promise(requestAnimationFrame);
            }}
        }}"""
        return await self.read(patient, given)


@dataclass(frozen=True)
class PageOfServer(Chat):
    """One tab of the page."""

    async def say(self, text: str) -> None:
        """Write a message and send it, once the chat knows its thread."""
        await self.tab.wait(READY)
        await self.tab.fill("textarea", text)
        await self.tab.press("textarea", "Enter")

    async def messages(self) -> list[tuple[str, str]]:
        """`(role, text)` of the messages, without what can be done with them."""
        return [(role, text.split(TOOLS)[0]) for role, text in await super().messages()]

    async def stop(self) -> None:
        await self.tab.click("[data-testid=copilot-send-button]")

    async def begin(self, text: str) -> None:
        """A new thread with a message, to its answer's end."""
        await self.tab.click(".new-thread")
        await self.tab.wait("() => document.querySelector('.welcome')")
        await self.say(text)
        await self.finishes()

    async def finishes(self) -> None:
        """Wait until a run has ended, and the page has drawn its answer and what can be done with
        it: the text of a message is drawn after its tools.
        """
        await self.tab.wait(DRAWN)
        await self.idle()

    async def act(self, thread: str, action: str) -> None:
        """Choose an action in the menu of a thread, which is given by its name."""
        await self.tab.click(f".thread-item:has-text('{thread}') .menu-button")
        await self.tab.click(f".menu button:has-text('{action}')")

    async def threads(self) -> list[str]:
        """The names in the list."""
        return await self.texts(THREADS)

    async def lists(self, names: Sequence[str]) -> None:
        """Wait until exactly these threads are in the list, in this order."""
        script = f"""(names) => JSON.stringify([...document.querySelectorAll("{THREADS}")]
            .map((each) => each.textContent)) === JSON.stringify(names)"""
        await self.tab.wait(script, list(names))

    async def focused(self) -> str:
        """The name of what has the focus."""
        return str(await self.tab.read(FOCUSED))

    async def focuses(self, name: str) -> None:
        """Wait until what is called so has the focus."""
        await self.tab.wait(f"(name) => ({FOCUSED})() === name", name)

    async def walk(self, name: str) -> int:
        """Press Tab until what is called so has the focus, and count how often. Whatever has it in
        between has a name, and shows that it has the focus.
        """
        stops: list[str] = []
        while name not in stops and len(stops) < 80:
            await self.tab.key("Tab")
            stops.append(await self.focused())
            if await self.tab.read("() => document.activeElement !== document.body"):
                assert stops[-1], await self.tab.read("() => document.activeElement.outerHTML")
                assert await self.tab.read(RINGED) is True, stops[-1]
        assert name in stops, stops
        return len(stops)

    async def address(self) -> str:
        """The path that the browser shows."""
        return urlsplit(str(await self.tab.read("() => location.href"))).path

    async def findings(self) -> list[str]:
        """What axe has against what is on the screen."""
        if not await self.tab.read("() => 'axe' in window"):
            await self.tab.read(f"() => {{ {AXE.read_text()} }}")
        found = await self.tab.read(FINDINGS)
        assert isinstance(found, list)
        return [str(each) for each in found]


async def slow_agent(request: RunAgentInput) -> Events:
    async for event in say("ag-m12", (f"s{number} " for number in range(9))):
        yield event
        if getattr(event, "delta", "") in {"s1 ", "s4 "}:
            await GATE.passed()


class SkilledAgent(ScriptedAgent):
    """States what it can do."""

    capabilities = SKILLS


@asynccontextmanager
async def server(
    store: Store | None = None, port: int = 0, authenticate: Authenticate | None = None
) -> AsyncIterator[str]:
    """The address of a server with the demo agent and the scripted ones, as users have it."""
    agents = {
        "default": DemoAgent(pace=0.005),
        "skilled": with_breaker(SkilledAgent("skilled", text_agent)),
        **scripted_agents(pause=0.01),
        "slow_agent": ScriptedAgent("slow_agent", slow_agent),
    }
    runtime = CopilotRuntime(
        agents=agents, store=shared(store), authenticate=authenticate, options=by_workers(None)
    )
    app = create_app(runtime)
    async with worked_for(runtime), served(app, port) as origin:
        yield origin


class Visitor:
    """Opens tabs of the page at an address, and looks at what they did when they are closed. Tabs
    without a look of their own are in one profile, that of the tab `home`: it has the page's files.
    """

    def __init__(self, home: Tab, origin: str, album: Path) -> None:
        self._home = home
        self._origin = origin
        self._album = album
        self._tabs: list[Tab] = []

    async def open(self, path: str = "/ui", look: dict[str, Json] | None = None) -> PageOfServer:
        beside = None if look else self._home
        tab = await self._home.browser.open(self._origin + path, beside, look)
        self._tabs.append(tab)
        return PageOfServer(StrictTab(tab.name, tab.browser), self._album)

    async def leave(self) -> None:
        """Close the tabs. None of them has reached another address, or offended the policy."""
        try:
            for number, tab in enumerate(self._tabs, 1):
                await tab.screenshot(self._album / f"end-{number}.png")
                reached = [urlsplit(each.url) for each in await tab.traffic()]
                own = urlsplit(self._origin).netloc
                assert [it for it in reached if it.scheme in NETWORK and it.netloc != own] == []
                policy = [it for it in await tab.complaints() if "Content Security Policy" in it]
                assert policy == []
                await tab.read("() => localStorage.clear()")
        finally:
            for tab in self._tabs:
                await tab.close()


@asynccontextmanager
async def visiting(home: Tab, origin: str, album: Path) -> AsyncIterator[Visitor]:
    """A visitor of the server at an address, who leaves before the server ends."""
    visitor = Visitor(home, origin, album)
    try:
        yield visitor
    finally:
        await visitor.leave()
