"""Apps that are well when they are looked at, and not when a process serves them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text

__all__ = ["dies_at_once", "fails_to_start"]


@asynccontextmanager
async def fails(app: object) -> AsyncIterator[None]:
    if app:
        raise RuntimeError("no licence for this machine")
    yield


@asynccontextmanager
async def dies(app: object) -> AsyncIterator[None]:
    asyncio.get_running_loop().call_later(1, os._exit, 7)
    yield


def runtime() -> CopilotRuntime:
    return CopilotRuntime({"default": Scripted(*text("m1", "hello"))})


fails_to_start = create_app(runtime(), lifespan=fails)
dies_at_once = create_app(runtime(), lifespan=dies)
