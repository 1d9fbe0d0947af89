"""Runtimes whose schedules tests make due, and fixtures of such tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from ag_ui.core import RunAgentInput

from agui_runtime.agents.agent import current_run
from agui_runtime.core.events import RunInfo
from agui_runtime.core.fold import fold
from agui_runtime.core.schedules import (
    Fired,
    Recurrence,
    Schedule,
    changed,
)
from agui_runtime.hooks.hook import Hook
from agui_runtime.runtime import scheduler
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from tests.runtime.worlds import ANN

DAILY = Recurrence("0 7 * * *", "good morning?", zone="Europe/Berlin")
DAY = 24 * 3600


class Echo:
    """Says who asks, and all that was said."""

    name, description = "default", "an echo"

    async def run(self, request: RunAgentInput) -> AsyncIterator[object]:
        context = current_run.get()
        caller, texts = context.caller, [str(each.content) for each in request.messages]
        yield f"{caller.owner} {context.properties} {request.state}: {', '.join(texts)}"


class Watching(Hook):
    """Waits for what becomes of firings."""

    def __init__(self) -> None:
        self.fired: asyncio.Queue[Fired] = asyncio.Queue()
        self.ended: asyncio.Queue[RunInfo] = asyncio.Queue()

    def schedule_fired(self, fired: Fired) -> None:
        self.fired.put_nowait(fired)

    async def after_run(self, report: Any) -> None:  # noqa: ANN401
        self.ended.put_nowait(report.run)


@asynccontextmanager
async def opened(
    store: Store,
    seen: Watching,
    agent: object | None = None,
    **given: Any,  # noqa: ANN401  # of CopilotRuntime
) -> AsyncIterator[CopilotRuntime]:
    agents = agent if isinstance(agent, dict) else {"default": agent or Echo()}
    runtime = CopilotRuntime(agents, store=store, hooks=[seen], **given)
    async with asyncio.timeout(20), runtime.lifespan():
        yield runtime


async def make_due(store: MemoryStore, schedule: Schedule, late: float = 5.0) -> Schedule:
    """The same schedule, due since so many seconds."""
    now = (await store.schedules.due(1)).now
    due = changed(replace(schedule, next_at=now - late))
    assert await store.schedules.swap(schedule.version, due)
    return due


async def texts(runtime: CopilotRuntime, thread: str) -> list[str]:
    records = await runtime.threads.read(thread, ANN)
    messages = fold([each.event for each in records]).shared_messages
    return [str(each["content"]) for each in messages]


def schedule_of(owner: str = "ann", **fields: Any) -> Schedule:  # noqa: ANN401
    made = Schedule("s1", owner, "default", "0 7 * * *", "UTC", "good morning?", 1.0, next_at=4e9)
    return changed(replace(made, **fields))


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests put into the store is seen at once."""
    monkeypatch.setattr(scheduler, "EVERY", 0.01)
    monkeypatch.setattr(scheduler, "SOON", 0.01)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def seen() -> Watching:
    return Watching()
