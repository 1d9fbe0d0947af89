"""Agents of other frameworks behind the pages of these tests, what all of them must do there, and
pages that can approve.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from agui_runtime.agents.agent import Agent
from agui_runtime.app import create_app
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.clients.chat import ASSISTANT, Chat
from tests.clients.elsewhere import by_workers, shared, worked_for
from tests.clients.site import serve
from tests.clients.world import World
from tests.connectors.story import BREAKING
from tests.fakes.model import ModelServer
from tests.support import served

ANSWER = "yes, go on"
"""What the pages' button says: enough for a graph, too vague for a permission."""

EITHER_GENERATION = pytest.mark.parametrize("open_page", ["1.10.6", "1.74"], indirect=True)


async def chats_and_thinks(chat: Chat) -> None:
    await chat.say("hello")
    await chat.answers("You said: hello")
    await chat.say("[reasoning:let me see] and again")
    await chat.answers("and again")
    assert [role for role, _ in await chat.messages()] == ["user", "assistant"] * 2


async def fails_and_goes_on(chat: Chat) -> None:
    """The model's server hangs up in the middle of an answer."""
    await chat.say(BREAKING)
    await chat.error()
    await chat.say("still there?")
    await chat.answers("You said: still there?")


async def stops_and_goes_on(chat: Chat, world: World) -> None:
    await chat.say("[n:1000] [delay:20]")
    await chat.tab.shows(ASSISTANT, "tok3")
    await chat.stop()
    await chat.idle()
    await world.model.hung_up()
    await chat.say("still there?")
    await chat.answers("You said: still there?")


@asynccontextmanager
async def world_of(model: ModelServer, **agents: Agent) -> AsyncIterator[World]:
    """These agents by their names, over that model."""
    runtime = CopilotRuntime(agents, store=shared(None), options=by_workers(None))
    app = create_app(runtime)
    async with worked_for(runtime), served(app) as origin:
        yield World(f"{origin}/copilotkit", f"{origin}/copilotkit", model)


@contextmanager
def serve_answering(page: Path, answer: str) -> Iterator[str]:
    """Serve that built page, whose button answers questions with this word."""
    with TemporaryDirectory() as folder:
        copy = Path(folder) / "dist"
        shutil.copytree(page, copy)
        changed = 0
        for file in (copy / "assets").glob("*.js"):
            if ANSWER in (text := file.read_text()):
                file.write_text(text.replace(ANSWER, answer))
                changed += 1
        if not changed:
            raise ValueError(f"no page in {page} answers {ANSWER!r}")
        with serve(copy) as url:
            yield url
