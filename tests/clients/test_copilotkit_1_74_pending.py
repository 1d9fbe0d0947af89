"""Questions that are open when a CopilotKit 1.74 page is loaded again, in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from agui_runtime.agents.agent import Agent
from agui_runtime.connectors.openai import OpenAIAgent
from tests.clients.agents import AskingAgent
from tests.clients.conftest import OpenToday
from tests.clients.frameworks import serve_answering, world_of
from tests.clients.today import TodaysChat
from tests.clients.world import World, requests_of
from tests.connectors.clerk import clerk, permitted_first
from tests.fakes.agents import scripted_agents
from tests.fakes.model import ModelServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

DELETE = '[tool:delete {"path":"notes.txt"}]'


def delete(path: str) -> str:
    """Delete a file."""
    return f"deleted {path}"


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    """The agents that ask: with an event, with their outcome, before a tool; and `default`."""
    async with ModelServer(delay=0.005) as model:
        agents: dict[str, Agent] = {
            "interrupt_agent": scripted_agents()["interrupt_agent"],
            "asking_agent": AskingAgent(),
            "clerk": clerk(model, permitted_first(delete)),
            "default": OpenAIAgent("gpt-4o", base_url=model.url, api_key="sk-test"),
        }
        async with world_of(model, **agents) as world:
            yield world


@pytest.fixture(scope="module")
def pages_1_74() -> Iterator[str]:
    with serve_answering(Path(__file__).parent / "copilotkit-1.74" / "dist", "approve") as url:
        yield url


@pytest.mark.parametrize(
    ("transport", "agent", "text", "goes_on"),
    [
        ("rest", "interrupt_agent", "do it", "Resumed with approve"),
        ("rest", "asking_agent", "do it", "resolved: approve"),
        ("single", "asking_agent", "do it", "resolved: approve"),
        ("rest", "clerk", DELETE, "Tool result: deleted notes.txt"),
    ],
    ids=["event", "outcome", "outcome, one path", "AgentScope"],
)
async def test_a_question_is_asked_again_and_answered(
    open_today: OpenToday, transport: str, agent: str, text: str, goes_on: str
) -> None:
    chat = await open_today(
        transport=transport, agent=agent, scenario="interrupt", threadId="thread-1"
    )
    await chat.say(text)
    await chat.tab.shows("#agree", "Agree")
    await chat.idle()
    before = await chat.messages()

    await chat.tab.reload()
    await chat.tab.shows("#agree", "Agree")
    await chat.idle()
    await chat.picture("asked again")
    await chat.shows(before)
    await chat.tab.click("#agree")
    await chat.answers(goes_on)
    assert await chat.texts("#interrupt") == []
    assert await chat.errors() == []
    told = await chat.messages()
    assert told[: len(before)] == before

    await chat.tab.reload()
    await chat.answers(goes_on)
    assert await chat.texts("#interrupt") == []
    assert await chat.messages() == told


async def test_a_tool_waits_for_a_person_again(open_today: OpenToday, world: World) -> None:
    await approved_after_a_reload(await open_today(scenario="approval", threadId="thread-1"), world)


async def test_a_tool_waits_on_a_page_with_the_older_api(open_v1: OpenToday, world: World) -> None:
    await approved_after_a_reload(await open_v1(scenario="approval", threadId="thread-1"), world)


async def approved_after_a_reload(chat: TodaysChat, world: World) -> None:
    await chat.say('[tool:deleteFile {"path":"/tmp/a"}]')
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")

    await chat.tab.reload()
    await chat.tab.shows("#approval[data-status=executing]", "Delete /tmp/a?")
    await chat.picture("waits again")
    assert len(requests_of(world)) == 1
    await chat.tab.click("#approved")
    await chat.answers("Tool result: approved")
    assert len(requests_of(world)) == 2
