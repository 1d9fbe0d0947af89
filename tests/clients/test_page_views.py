"""The views beside the chat on the server's own page, in a real Chromium: agents, numbers and
states."""

from __future__ import annotations

from pathlib import Path

import pytest

from agui_runtime.stores.redis import RedisStore
from tests.clients.browser import Tab
from tests.clients.conftest import Stores, on_each_store
from tests.clients.page import PHONE, PageOfServer, Visitor, server, visiting

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOOSE = """([label, value]) => {
    const select = [...document.querySelectorAll("label")]
        .find((each) => each.textContent.startsWith(label)).querySelector("select");
    select.value = value;
    select.dispatchEvent(new Event("change", { bubbles: true }));
}"""
SIDEWAYS = """() => {
    const table = document.querySelector(".table");
    return table.scrollWidth > table.clientWidth;
}"""
WIDE = "() => document.documentElement.scrollWidth > document.documentElement.clientWidth"


async def test_an_agent_shows_what_it_states_and_is_tried_in_the_chat(visitor: Visitor) -> None:
    page = await visitor.open("/ui/agents")
    await page.tab.shows(".agent", "Tools: weigh")
    await page.tab.click(".agent a:has-text('skilled') >> nth=0")
    await page.tab.shows("h1", "skilled")
    assert await page.address() == "/ui/agents/skilled"
    await page.tab.reload()
    await page.tab.shows(".breaker", "Breaker closed")
    await page.tab.shows(".ability", "Human in the loop")
    await page.tab.click(".tool summary")
    await page.tab.shows(".tool", '"coin": {')
    await page.tab.click("a:has-text('Try it')")
    await page.say("hello")
    await page.answers("Hello from agent")
    await page.tab.wait("() => document.querySelector('select')?.value === 'skilled'")


async def test_an_agent_that_is_not_here_is_not_found(visitor: Visitor) -> None:
    page = await visitor.open("/ui/agents/nobody")
    await page.tab.shows(".empty", "Agent not found")
    await page.tab.click(".empty a")
    await page.tab.shows(".agent", "text_agent description")


async def test_numbers_are_divided_as_the_address_says(
    home: Tab, stores: Stores, album: Path
) -> None:
    store = stores()
    async with (
        server(store) as origin,
        visiting(home, origin, album) as visitor,
    ):
        page = await visitor.open("/ui/numbers", look=PHONE)
        await page.tab.shows(".empty", "No runs in this time")
        await talk(await visitor.open())
        await page.tab.reload()
        await page.tab.shows(".failures", "MODEL_UNREACHABLE")
        assert await page.tab.read(WIDE) is False
        assert await page.findings() == []
        narrow = await visitor.open("/ui/numbers", look={"viewport": {"width": 900, "height": 700}})
        await narrow.tab.shows(".failures", "MODEL_UNREACHABLE")
        assert await narrow.tab.read(SIDEWAYS) is False
        await page.tab.read(CHOOSE, ["Division", "agent"])
        await page.tab.shows(".bar-label", "default")
        await page.tab.read(CHOOSE, ["Figure", "failures"])
        await page.tab.shows("h2", "Failures")
        times = await page.texts("tbody td:nth-child(n+7)")
        assert len(times) == 4
        assert all(each.endswith("s") for each in times), times
        await page.tab.reload()
        await page.tab.shows(".bar-label", "default")
        assert await page.texts("tbody td:nth-child(-n+3)") == ["2", "1"]
        await page.tab.read(CHOOSE, ["Time", "90"])
        if isinstance(store, RedisStore):
            await page.tab.shows("[role=alert]", "this store looks back 7 days at most")
        else:
            await page.tab.shows(".bar-label", "default")


async def talk(page: PageOfServer) -> None:
    """One run that answers, and one that fails."""
    await page.begin("hello")
    await page.say("error")
    await page.tab.shows("[role=alert]", "this failure was asked for")


@on_each_store
async def test_a_state_is_a_tree_that_is_edited_and_shows_what_each_run_changed(
    visitor: Visitor,
) -> None:
    page = await state_of_a_run(visitor)
    assert await page.texts(".tree-leaf") == ['0 "one"', "progress 100"]
    await page.tab.click(".run-changes summary")
    await page.tab.shows(".changes", "replace /progress")
    await edit(page, '{"progress": 12345678901234567890, "steps": []}')
    await page.tab.shows(".tree-leaf", "progress 12345678901234567890")
    assert int(await version(page)) > 1
    await page.tab.reload()
    await page.tab.shows(".tree-leaf", "progress 12345678901234567890")


@on_each_store
async def test_the_chat_goes_on_from_an_edited_state(visitor: Visitor) -> None:
    page = await state_of_a_run(visitor)
    await edit(page, '{"note": "by hand"}')
    await page.tab.shows(".tree-leaf", 'note "by hand"')
    await page.tab.click(".back")
    await page.finishes()
    await page.say("go on")
    await page.answers("State doneState done")  # the script gives both answers one id
    await page.finishes()
    await page.tab.click("a.message-tool")
    await page.tab.click(".page-header a:has-text('State')")
    await page.tab.shows(".tree-leaf", "progress 100")
    assert 'note "by hand"' in await page.texts(".tree-leaf")
    assert await page.texts(".run-question") == ["go on", "go"]
    abouts = await page.texts(".run-changes summary .hint")
    assert all("· state_agent · Finished ·" in each for each in abouts), abouts
    assert len(set(abouts)) == 2


@on_each_store
async def test_a_text_that_is_no_state_is_not_saved(visitor: Visitor) -> None:
    page = await state_of_a_run(visitor)
    await page.tab.click("button:has-text('Edit')")
    await page.tab.fill("textarea", '{"progress": ')
    await page.tab.shows(".fault", "This is not JSON")
    await page.tab.fill("textarea", "[1]")
    await page.tab.shows(".fault", "A state is an object")
    disabled = "() => document.querySelector('.state-editor .primary').disabled"
    assert await page.tab.read(disabled) is True
    await page.tab.click("button:has-text('Cancel')")
    assert await page.texts(".tree-leaf") == ['0 "one"', "progress 100"]


@on_each_store
async def test_a_stale_save_shows_both_states_and_loses_neither(visitor: Visitor) -> None:
    first = await state_of_a_run(visitor)
    second = await visitor.open(await first.address(), look=PHONE)
    await second.tab.click("button:has-text('Edit')")
    await edit(first, '{"by": "first", "same": 1}')
    await first.tab.shows(".tree-leaf", 'by "first"')
    newest = await version(first)
    await second.tab.fill("textarea", '{"by": "second", "same": 1}')
    await second.tab.click(".state-editor .primary")
    await second.tab.shows(".conflict", f"moved on to version {newest}")
    assert await second.texts(".conflict tbody tr") == ['/by"second""first"']
    assert await second.tab.read("() => document.querySelector('textarea').value") == (
        '{"by": "second", "same": 1}'
    )
    assert await second.tab.read(WIDE) is False
    assert await second.findings() == []
    await second.picture("conflict")
    await second.tab.click(".conflict .danger")
    await second.tab.shows(".tree-leaf", 'by "second"')
    await first.tab.click("button:has-text('Load again')")
    await first.tab.shows(".tree-leaf", 'by "second"')


@on_each_store
async def test_the_state_of_an_unknown_thread_is_not_found(visitor: Visitor) -> None:
    page = await visitor.open("/ui/state/nobody-s/default")
    await page.tab.shows(".empty", "State not found")


async def state_of_a_run(visitor: Visitor) -> PageOfServer:
    """The state that a run has left, reached from the run."""
    page = await visitor.open("/ui?agent=state_agent")
    await page.say("go")
    await page.finishes()
    await page.tab.click("a.message-tool")
    await page.tab.click(".page-header a:has-text('State')")
    await page.tab.shows(".tree", "progress")
    return page


async def edit(page: PageOfServer, text: str) -> None:
    await page.tab.click("button:has-text('Edit')")
    await page.tab.fill("textarea", text)
    await page.tab.click(".state-editor .primary")
    await page.tab.wait("() => document.querySelector('.tree')")


async def version(page: PageOfServer) -> str:
    return (await page.tab.text(".card h2")).removeprefix("Version ")
