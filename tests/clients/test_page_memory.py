"""What is remembered of users, on the server's own page, in a real Chromium."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from agui_runtime.app import create_app
from agui_runtime.authentication import BearerTokens
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.core.errors import AguiError
from agui_runtime.core.events import ANONYMOUS
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.backlog import Unread
from agui_runtime.memories.entries import Origin, Proposal
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.runtime.runtime import CopilotRuntime, Options
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.sql import SqliteStore
from agui_runtime.wrappers import with_memory
from tests.clients.browser import Tab
from tests.clients.page import DARK, PHONE, PageOfServer, Visitor, visiting
from tests.fakes.model import ModelServer
from tests.support import served

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANN, BOB = "token-of-ann-0001", "token-of-bob-0002"
EVERYBODY = ANONYMOUS.owner
KEYS = KeyRing([new_key()])

ENTRIES = ".entry-text"
WANTED = ".entry[data-wanted=true]"
COUNT = "(count) => document.querySelectorAll('.entry').length === count"
IN_SIGHT = """(text) => [...document.querySelectorAll("[data-message-id]")].some((each) =>
    each.textContent.includes(text) && each.getAnimations().length > 0)"""
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Attentive(Memory):
    """Learns soon, and says when it has learned of so many threads."""

    def __init__(self, *, anonymous: bool = False) -> None:
        super().__init__(quiet=0.05, anonymous=anonymous)
        self._threads: set[str] = set()
        self._change = asyncio.Condition()

    async def learn(
        self,
        owner: str,
        unread: Unread,
        proposals: Sequence[Proposal],
        accepted: Collection[str] = (),
    ) -> Sequence[AguiError]:
        refusals = await super().learn(owner, unread, proposals, accepted)
        async with self._change:
            self._threads.add(unread.thread_id)
            self._change.notify_all()
        return refusals

    async def has_learned(self, threads: int) -> None:
        async with self._change:
            await self._change.wait_for(lambda: len(self._threads) >= threads)


@dataclass
class Server:
    """Whose agent asks the model, and knows Ann and Bob."""

    origin: str
    memory: Attentive
    model: ModelServer

    @property
    def prompt(self) -> str:
        """What the model was told last before the conversation."""
        messages = self.model.seen[-1].body["messages"]
        return "".join(each["content"] for each in messages if each["role"] == "system")


@asynccontextmanager
async def server(folder: Path) -> AsyncIterator[Server]:
    memory = Attentive()
    async with ModelServer() as model:
        agent = OpenAIAgent("gpt-5", base_url=model.url, api_key="sk-1")
        runtime = CopilotRuntime(
            agents={"default": with_memory(agent, memory)},
            store=SqliteStore(f"sqlite:///{folder}/threads.db"),
            authenticate=BearerTokens({ANN: "ann", BOB: "bob"}),
            memory=memory,
        )
        async with served(create_app(runtime)) as origin:
            yield Server(origin, memory, model)


async def entered(visitor: Visitor, token: str, path: str = "/ui") -> PageOfServer:
    page = await visitor.open(path)
    await page.tab.fill("dialog input", token)
    await page.tab.press("dialog input", "Enter")
    return page


async def view(page: PageOfServer, name: str, shown: str) -> None:
    await page.tab.click(f"nav a:has-text('{name}')")
    await page.tab.shows("main", shown)


async def test_what_one_says_on_monday_is_honoured_on_tuesday_and_deleted_before_wednesday(
    home: Tab, tmp_path: Path, album: Path
) -> None:
    async with server(tmp_path) as its, visiting(home, its.origin, album) as visitor:
        ann = await entered(visitor, ANN)
        await ann.begin("Call me Ann. Remember that I am vegetarian.")
        await its.memory.has_learned(1)

        await ann.begin("Which vegetables am I to cook tonight? [known]")
        await ann.answers("As I know you: - name: Ann - I am vegetarian")
        assert "- I am vegetarian" in its.prompt
        await its.memory.has_learned(2)

        await ann.tab.click("a.message-tool")
        await ann.tab.shows(".recalled", "name: Ann")
        await ann.tab.click(".recalled a:text-is('I am vegetarian')")
        await ann.tab.shows(WANTED, "Taken from what you said in Call me Ann.")
        await ann.picture("entry")
        await ann.tab.click(f"{WANTED} a >> nth=0")
        await ann.tab.wait(IN_SIGHT, "Remember that I am vegetarian.")

        await view(ann, "Memory", "I am vegetarian")
        await ann.tab.click("[aria-label='Delete I am vegetarian']")
        await ann.tab.click(".beside label:has-text('Call me Ann. Remember')")
        await ann.picture("delete")
        await ann.tab.click("dialog .danger")
        await ann.tab.wait(COUNT, 2)
        assert await ann.texts(ENTRIES) == [
            "name: Ann",
            "Which vegetables am I to cook tonight? [known]",
        ]

        await view(ann, "Chat", "What shall we do?")
        await ann.begin("Which vegetables am I to cook tonight? [known] On Wednesday, I mean.")
        await ann.answers("name: Ann")
        assert "vegetarian" not in its.prompt

        bob = await entered(visitor, BOB, "/ui/memory")
        await bob.tab.shows(".empty", "Nothing is remembered of you")


@asynccontextmanager
async def open_to_all(store: MemoryStore) -> AsyncIterator[tuple[str, Attentive]]:
    """A server that has one memory for everybody."""
    memory = Attentive(anonymous=True)
    agents = {"default": with_memory(DemoAgent(pace=0), memory)}
    runtime = CopilotRuntime(agents, store=store, memory=memory, options=Options(keys=KEYS))
    async with served(create_app(runtime)) as origin:
        yield origin, memory


async def spoil(store: MemoryStore) -> None:
    """Add an entry that no key opens."""
    notebooks = Notebooks(store.sealed, RingKeys(KEYS))
    await notebooks.change(await notebooks.name(EVERYBODY), lambda _: {"core.moved": bytes(40)})


async def lose_key(store: MemoryStore) -> None:
    """Have nothing open any more."""
    name = await Notebooks(store.sealed, RingKeys(KEYS)).name(EVERYBODY)
    known = await store.sealed.read(name)
    assert known.key is not None
    other = KeyRing([new_key()]).seal(bytes(32), b"").encode()
    await store.sealed.rewrap(name, known.key, other)


async def add_by_keys(page: PageOfServer) -> None:
    """Where nothing is remembered yet; a secret is refused first."""
    await page.tab.shows(".empty", "Nothing is remembered of you")
    await page.walk("Add")
    await page.tab.key("Enter")
    await page.focuses("What is to be remembered")
    await page.tab.fill("textarea", "My password is hunter2 sk-abcdefghijklmnopqrstuvwxyz123456")
    await page.walk("Add")
    await page.tab.key("Enter")
    await page.tab.shows("[role=alert]", "secrets are not remembered")
    await page.tab.fill("textarea", "Sleeps all day")
    await page.tab.fill(".add-entry input", "Bello")
    assert await page.findings() == []
    await page.tab.click(".add-entry .primary")
    await page.tab.shows(WANTED, "Sleeps all day about Bello")


async def test_one_writes_corrects_and_takes_along_what_is_remembered(
    home: Tab, album: Path
) -> None:
    store = MemoryStore()
    async with (
        open_to_all(store) as (origin, memory),
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open("/ui/memory", look={**PHONE, **DARK})
        await add_by_keys(page)
        await memory.remember(
            EVERYBODY, [Proposal("core", "Ann", Origin("t0", extractor="agent"), "name")]
        )
        await spoil(store)
        await page.tab.reload()
        await page.tab.shows(".entry", "This entry cannot be read. It was damaged")
        await page.tab.shows(".entry", "Noted by an agent in a thread that was deleted")
        await page.picture("phone")
        assert await page.tab.read(WIDE) is False

        await page.walk("Correct Sleeps all day")
        await page.tab.key("Enter")
        await page.focuses("Instead of Sleeps all day")
        await page.tab.key("Escape")
        await page.focuses("Correct Sleeps all day")
        await page.tab.key("Enter")
        await page.tab.fill("textarea:focus", "Barks at night")
        assert await page.findings() == []
        await page.walk("Save")
        await page.tab.key("Enter")
        await page.tab.shows(WANTED, "Barks at night about Bello")

        file, text = await page.tab.download("button:has-text('Export')")
        assert file.startswith("memory-2")
        exported = {each["tier"]: each for each in json.loads(text)["entries"] if each["readable"]}
        assert exported["Core"]["origin"]["extractor"] == "agent"
        assert exported["Associative"]["text"] == "Barks at night"

        await page.tab.click("[aria-label='Delete An entry that cannot be read']")
        await page.tab.click("dialog .danger")
        await page.tab.wait(COUNT, 2)


async def test_a_thread_goes_with_what_was_remembered_from_it_and_then_everything(
    home: Tab, album: Path
) -> None:
    store = MemoryStore()
    async with (
        open_to_all(store) as (origin, memory),
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open()
        await page.begin("Remember that tea is fine.")
        await memory.has_learned(1)
        await memory.remember(EVERYBODY, [Proposal("core", "Ann", key="name")])
        await page.act("Remember that tea", "Delete")
        await page.tab.click("dialog label:has-text('remembered from it (2 entries)')")
        await page.tab.click("dialog .danger")
        await page.lists([])
        await view(page, "Memory", "Always known")
        assert await page.texts(ENTRIES) == ["name: Ann"]

        await lose_key(store)
        await page.tab.reload()
        await page.tab.shows("[role=alert]", "MEMORY_UNREADABLE")
        assert await page.findings() == []
        await page.picture("sealed")
        await page.tab.click("button:has-text('Forget me')")
        await page.picture("forget")
        await page.tab.click("dialog .danger")
        await page.tab.shows(".empty", "Nothing is remembered of you")
        assert await page.focused() == "content"
