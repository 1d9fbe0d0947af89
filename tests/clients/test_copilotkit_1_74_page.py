"""What else a CopilotKit 1.74 page brings or shows, in Chromium: suggestions, attachments,
context, reasoning, the list of threads, and whose they are.
"""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any

import httpx
import pytest

from tests.clients.browser import File
from tests.clients.chat import ASSISTANT, INPUT
from tests.clients.conftest import OpenToday
from tests.clients.today import SEND, TRANSPORTS, Asked, TodaysChat
from tests.clients.world import World, prompts, requests_of, threads
from tests.fakes.model import TRANSCRIPT

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEBM = b"\x1aE\xdf\xa3"  # how such a file begins
LOUD = """() => {
    const { width, height } = document.querySelector("canvas") ?? {};
    const line = width && document.querySelector("canvas").getContext("2d");
    return line && line.getImageData(0, height / 2 - 3, width, 1).data.some(Boolean);
}"""
WRITTEN = f"(text) => document.querySelector('{INPUT}')?.value === text"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_page_knows_what_to_suggest_first(open_today: OpenToday, world: World) -> None:
    chat = await open_today(scenario="fixed-suggestions")
    await chat.tab.shows(chat.SUGGESTIONS, "Leave")
    assert await chat.texts(chat.SUGGESTIONS) == ["Greet", "Leave"]
    await chat.tab.click(chat.SUGGESTIONS)
    await chat.answers("You said: hello there")
    assert len(requests_of(world)) == 1


async def test_an_attachment_reaches_the_model(open_today: OpenToday, world: World) -> None:
    chat = await open_today(scenario="attachments", threadId="thread-1")
    await chat.tab.attach("input[type=file]", File("dot.png", "image/png", DOT))
    await chat.tab.wait("() => document.querySelector('[data-testid=copilot-attachment-queue]')")
    await chat.say("what is this?")
    await chat.answers("You said: what is this?")

    [request] = requests_of(world)
    [text, image] = request["messages"][-1]["content"]
    assert text == {"type": "text", "text": "what is this?"}
    data = base64.b64encode(DOT).decode()
    assert image["image_url"]["url"] == f"data:image/png;base64,{data}"
    await chat.tab.reload()
    await chat.answers("You said: what is this?")
    await chat.tab.wait("() => document.querySelector('.copilotKitUserMessage img')")


@pytest.mark.parametrize("transport", ["rest", "single"])
async def test_what_was_spoken_is_written_into_the_input(
    open_today: OpenToday, world: World, transport: str
) -> None:
    chat = await open_today(transport=transport)
    await chat.tab.click("[data-testid=copilot-start-transcribe-button]")
    await chat.tab.wait(LOUD)
    await chat.picture("recording")
    await chat.tab.click("[data-testid=copilot-finish-transcribe-button]")
    await chat.tab.wait(WRITTEN, TRANSCRIPT)
    [request] = world.model.seen
    assert request.path == "/v1/audio/transcriptions"
    assert request.body["file"].startswith(WEBM)
    assert await chat.errors() == []

    await chat.tab.click(SEND)
    await chat.answers(f"You said: {TRANSCRIPT}")


async def test_an_agent_is_given_properties_and_context(open_today: OpenToday) -> None:
    chat = await open_today(agent="echo_input_agent", scenario="context")
    await chat.say("what do you see?")
    await chat.tab.shows(ASSISTANT, "acme")
    seen = said(await run(chat, "what do you see?"))
    assert seen["forwardedProps"] == {"tenant": "acme"}
    assert [entry["description"] for entry in seen["context"]] == [
        "The signed-in employee",
        "Her open task",
    ]


@TRANSPORTS
async def test_an_agent_is_given_the_caller_and_headers(
    open_today: OpenToday, transport: str
) -> None:
    chat = await open_today(transport=transport, agent="visitor_agent", user="ada")
    await chat.say("who am I?")
    await chat.answers("ada {'authorization': 'Bearer ada'}")


async def test_thoughts_are_shown_beside_the_answer(open_today: OpenToday) -> None:
    chat = await open_today(threadId="thread-1")
    await chat.say("[reasoning:let me see] hello")
    await chat.answers("hello")
    await chat.tab.shows("[data-testid=copilot-message-list]", "let me see")
    [_, answer] = await chat.messages()
    assert answer == ("assistant", "You said: [reasoning:let me see] hello")

    await chat.tab.reload()
    await chat.answers("hello")
    await chat.tab.shows("[data-testid=copilot-message-list]", "let me see")


async def test_the_threads_are_listed_page_by_page(open_today: OpenToday, world: World) -> None:
    await fill(world, "one", "two", "three")
    chat = await open_today(agent="text_agent", scenario="threads")
    await chat.tab.shows("#threads", "three")
    assert await listed(chat) == ["three", "two"]
    await chat.tab.click("#more:not([disabled])")
    await chat.tab.shows("#threads", "one")
    assert await listed(chat) == ["three", "two", "one"]


@TRANSPORTS
async def test_threads_are_renamed_archived_and_deleted(
    open_today: OpenToday, world: World, transport: str
) -> None:
    await fill(world, "one", "two")
    chat = await open_today(transport=transport, agent="text_agent", scenario="threads")
    await chat.tab.click("[data-thread=one] .rename")
    await chat.tab.shows("[data-thread=one] .open", "My thread")
    await chat.tab.click("[data-thread=two] .archive")
    await gone(chat, "two")
    await chat.tab.click("#archived")
    await chat.tab.shows("[data-thread=two][data-archived=true]", "two")
    await chat.tab.click("[data-thread=two] .unarchive")
    await chat.tab.shows("[data-thread=two][data-archived=false]", "two")
    await chat.tab.click("[data-thread=two] .delete")
    await gone(chat, "two")

    assert await chat.texts("#threads-error") == [""]
    while len(found := await threads(world)) > 1:  # noqa: ASYNC110  # the page shows it sooner
        await asyncio.sleep(0.05)
    [left] = found
    assert (left["id"], left["name"], left["archived"]) == ("one", "My thread", False)


async def test_a_listed_thread_can_be_opened(open_today: OpenToday, world: World) -> None:
    await fill(world, "one", "two")
    chat = await open_today(agent="text_agent", scenario="threads")
    await chat.tab.click("[data-thread=one] .open")
    await chat.answers("Hello from agent")
    assert await chat.messages() == [("user", "to one"), ("assistant", "Hello from agent")]
    await chat.tab.click("[data-thread=two] .open")
    await chat.shows([("user", "to two"), ("assistant", "Hello from agent")])


async def test_a_new_thread_shows_in_the_list(open_today: OpenToday) -> None:
    chat = await open_today(scenario="threads", threadId="thread-1")
    await chat.say("hello")
    await chat.answers("You said: hello")
    await chat.tab.click("#refetch")
    await chat.tab.shows("#threads", "thread-1")


async def test_a_thread_is_its_owners_alone(open_today: OpenToday, world: World) -> None:
    ada = await open_today(user="ada", threadId="secret", scenario="threads")
    await ada.say("my secret")
    await ada.answers("You said: my secret")

    bob = await open_today(user="bob", threadId="secret", scenario="threads")
    await bob.say("tell me")
    await bob.error("secret")
    assert "my secret" not in str(await bob.messages())
    assert await listed(bob) == []
    assert len(prompts(world)) == 1


async def run(chat: TodaysChat, text: str) -> Asked:
    """The chat's only run, which this text asked for, once its answer has ended."""
    await chat.tab.exchange(text)
    [only] = await chat.asked("agent/run")
    return only


def said(run: Asked) -> dict[str, Any]:
    """The JSON that the agent said."""
    text = "".join(event["delta"] for event in run.events() if "delta" in event)
    told: dict[str, Any] = json.loads(text)
    return told


async def fill(world: World, *thread_ids: str) -> None:
    """A turn with `text_agent` in each thread, as a guest."""
    async with httpx.AsyncClient() as client:
        for thread_id in thread_ids:
            message = {"id": f"u-{thread_id}", "role": "user", "content": f"to {thread_id}"}
            body = {"threadId": thread_id, "runId": f"r-{thread_id}", "messages": [message]}
            await client.post(f"{world.runtime}/agent/text_agent/run", json=body)


async def listed(chat: TodaysChat) -> list[str]:
    return await chat.texts("#threads .open")


async def gone(chat: TodaysChat, thread_id: str) -> None:
    await chat.tab.wait("(id) => !document.querySelector(`[data-thread=${id}]`)", thread_id)
