"""The chat of the server's own page, in a real Chromium: from the first visit on."""

from __future__ import annotations

import pytest

from tests.clients.browser import Browser, File
from tests.clients.chat import ASSISTANT
from tests.clients.conftest import on_each_store
from tests.clients.page import GATE, READY, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8cfc000000301010018dd8db00000000049454e44ae426082"
)


@on_each_store
async def test_a_newcomer_chats_reloads_and_finds_the_thread(visitor: Visitor) -> None:
    page = await visitor.open("/")
    await page.tab.shows(".welcome", "What shall we do?")
    assert await page.address() == "/ui/"
    await page.say("hello there")
    await page.answers("OPENAI_API_KEY=....")  # the end, which is drawn after the run has ended
    await page.finishes()
    before = await page.messages()
    address = await page.address()
    assert address.startswith("/ui/threads/")
    await page.tab.reload()
    await page.answers("OPENAI_API_KEY=....")
    await page.finishes()
    assert await page.messages() == before
    assert await page.address() == address
    assert "hello there" in await page.threads()


@on_each_store
async def test_the_agent_is_a_choice_that_stays_with_the_thread(visitor: Visitor) -> None:
    page = await visitor.open("/ui?agent=text_agent")
    await page.say("which one are you?")
    await page.finishes()
    await page.tab.reload()
    await page.tab.wait("() => document.querySelector('select')?.value === 'text_agent'")


@on_each_store
async def test_a_tool_s_call_is_drawn_with_what_it_was_given_and_gave(visitor: Visitor) -> None:
    page = await visitor.open("/ui?agent=backend_tool_agent")
    await page.say("use it")
    await page.tab.shows(".tool-call", "done")
    await page.tab.click(".tool-call summary")
    [drawn] = await page.texts(".tool-call:has(.done)")
    assert '"q": "x"' in drawn


@on_each_store
async def test_a_run_is_stopped_and_what_it_had_said_stays(visitor: Visitor) -> None:
    page = await visitor.open("/ui?agent=slow_agent")
    await page.say("go")
    await page.tab.shows(ASSISTANT, "s1")
    await page.stop()
    await page.idle()
    [_, (_, partial)] = await page.messages()
    assert partial == "s0 s1"
    await page.tab.reload()
    await page.tab.shows(ASSISTANT, partial)


@on_each_store
async def test_a_question_in_the_middle_of_a_run_is_answered(visitor: Visitor) -> None:
    page = await visitor.open(look={"viewport": {"width": 900, "height": 500}})
    await page.begin("hello")
    await page.say("interrupt")
    await page.tab.shows(".question", "Shall I go on?")
    await page.picture("question")
    around = """() => { const main = document.querySelector('main');
        return main.scrollHeight - main.clientHeight; }"""
    assert await page.tab.read(around) == 0
    await page.tab.fill(".question input", "yes, do")
    await page.tab.press(".question input", "Enter")
    await page.answers("you answered: yes, do. So I go on.")


@on_each_store
async def test_a_failure_is_told_with_its_code_and_the_request_to_look_for(
    visitor: Visitor,
) -> None:
    page = await visitor.open()
    await page.say("error")
    await page.tab.shows(".banner", "MODEL_UNREACHABLE")
    await page.picture("failure")
    [told] = await page.texts(".banner")
    run = next(it for it in await page.tab.traffic() if it.url.endswith("/agent/default/run"))
    assert "this failure was asked for" in told
    assert run.request_id is not None
    assert run.request_id in told
    await page.walk("Dismiss")
    await page.tab.key("Enter")
    await page.focuses("Write a message")
    await page.say("hello")
    await page.answers("You said: hello")
    await page.finishes()
    await page.tab.reload()
    await page.answers("You said: hello")
    await page.tab.wait(READY)
    assert await page.texts(".banner") == []


@on_each_store
async def test_an_answer_is_asked_for_again(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("tell me")
    before = await page.messages()
    await page.tab.click("[data-testid=copilot-regenerate-button] >> nth=-1")
    await page.tab.exchange('"messages":[{"id"')
    await page.finishes()
    assert len(await page.messages()) == len(before)


@on_each_store
async def test_a_message_is_edited_and_what_followed_is_replaced(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("first words")
    await page.tab.click("[data-testid=copilot-edit-button]")
    await page.tab.fill("dialog textarea", "other words")
    await page.picture("edit")
    await page.tab.click("dialog .primary")
    await page.answers("You said: other words")
    await page.tab.reload()
    await page.answers("You said: other words")
    assert "first words" not in str(await page.messages())


@on_each_store
async def test_a_fork_begins_a_thread_and_leaves_the_other_as_it_is(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.begin("common ground")
    origin = await page.address()
    said = len(await page.messages())
    await page.tab.click("[title='Fork from here'] >> nth=-1")
    await page.tab.wait("(old) => location.pathname !== old", origin)
    await page.tab.wait(f"() => document.querySelectorAll('{ASSISTANT}').length")
    await page.say("another way")
    await page.answers("You said: another way")
    fork = await page.address()
    assert fork != origin
    await page.tab.reload()
    await page.answers("You said: another way")
    assert (await page.messages())[0] == ("user", "common ground")
    before = await visitor.open(origin)
    await before.finishes()
    assert len(await before.messages()) == said


@on_each_store
async def test_a_picture_is_attached_and_shown(visitor: Visitor) -> None:
    page = await visitor.open()
    await page.tab.wait("() => document.querySelector('.conversation[aria-busy=false]')")
    await page.tab.attach("input[type=file]", File("dot.png", "image/png", PIXEL))
    await page.say("look at this")
    await page.finishes()
    shown = "() => document.querySelector('.copilotKitUserMessage img')?.naturalWidth"
    assert await page.tab.wait(shown)
    await page.tab.reload()
    assert await page.tab.wait(shown)


@on_each_store
async def test_a_live_run_is_followed_in_a_second_tab(visitor: Visitor) -> None:
    page = await visitor.open("/ui?agent=slow_agent")
    await page.say("go")
    await page.tab.shows(ASSISTANT, "s1")
    other = await visitor.open(await page.address())
    for newest, coming in ("s1", "s2"), ("s4", "s5"):
        for each in page, other:
            await each.tab.shows(ASSISTANT, newest)
            assert coming not in str(await each.messages())
        GATE.go_on()
    await page.finishes()
    await other.finishes()
    assert await other.messages() == await page.messages()


@on_each_store
async def test_an_unknown_thread_is_not_found_and_there_is_a_way_back(visitor: Visitor) -> None:
    page = await visitor.open("/ui/threads/nobody-s")
    await page.tab.shows(".empty", "Thread not found")
    await page.tab.click(".empty .button")
    await page.tab.shows(".welcome", "What shall we do?")


async def test_an_address_without_a_view_says_so(browser: Browser, origin: str) -> None:
    tab = await browser.open(f"{origin}/ui/nothing")
    assert "no such view" in str(await tab.read("() => document.body.innerText"))
    await tab.close()
