"""Agents of other frameworks behind the pages of these tests, and pages that can approve."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import pytest

from agui_runtime.app import create_app
from agui_runtime.connectors.base import Agent
from agui_runtime.runtime import CopilotRuntime
from tests.clients.chat import Chat
from tests.clients.conftest import OpenChat
from tests.clients.site import serve
from tests.clients.world import World
from tests.fakes.model import ModelServer
from tests.support import served

ANSWER = "yes, go on"
"""What the pages' button says: enough for a graph, too vague for a permission."""

Open: TypeAlias = Callable[..., Awaitable[Chat]]
PAGES = {"1.10.6": ("open_chat", "frontend-actions"), "1.74": ("open_today", "frontend-tools")}
"""Their fixtures, and what they call the scenario `tools`."""


def opener(request: pytest.FixtureRequest) -> Open:
    """Opens the page of the generation that is the fixture's parameter."""
    fixture, tools = PAGES[request.param]
    opened: OpenChat = request.getfixturevalue(fixture)

    async def open_for(agent: str, scenario: str = "chat") -> Chat:
        return await opened(agent=agent, scenario=tools if scenario == "tools" else scenario)

    return open_for


@asynccontextmanager
async def world_of(model: ModelServer, **agents: Agent) -> AsyncIterator[World]:
    """These agents by their names, over that model."""
    runtime = CopilotRuntime(agents)
    async with served(create_app(runtime)) as origin:
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
