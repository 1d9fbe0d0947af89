"""Runs by itself, where only loopback answers: `serve` answers both wires and a page in a browser,
and every module of the package is imported.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

import httpx

import agui_runtime
from agui_runtime.connectors.litellm import LiteLLMAgent
from tests.clients.browser import Browser
from tests.clients.packets import watched
from tests.clients.site import serve as serve_site
from tests.clients.today import TodaysChat
from tests.programs import serving
from tests.runtime.worlds import asking, ran

RUN = {"threadId": "t1", "runId": "r1", "tools": [], "context": [], "state": {}}
MESSAGES = {"messages": [{"id": "u1", "role": "user", "content": "hello"}], "forwardedProps": {}}
UNTAKEN = "http://127.0.0.1:9/v1"


def import_all() -> None:
    for module in pkgutil.walk_packages(agui_runtime.__path__, "agui_runtime."):
        if not module.name.endswith(("__main__", "migrations.env")):
            importlib.import_module(module.name)


async def serve() -> None:
    async with serving() as (_, origin, _), httpx.AsyncClient(base_url=origin) as client:
        for path in ("/copilotkit/info", "/healthz", "/readyz"):
            assert (await client.get(path)).status_code == 200
        url = "/copilotkit/agent/default/run"
        assert "RUN_FINISHED" in (await client.post(url, json=RUN | MESSAGES)).text
        hello = await client.post("/copilotkit", json={"query": "{ hello }"})
        assert hello.json() == {"data": {"hello": "Hello World"}}


async def ask_litellm() -> None:
    """Its library brings much along, and is imported with the first run."""
    agent = LiteLLMAgent("openai/gpt-4o-mini", api_key="sk-test", base_url=UNTAKEN)
    runtime = agui_runtime.CopilotRuntime({"default": agent})
    assert (await ran(runtime, asking()))[-1]["code"] == "MODEL_UNREACHABLE"
    await runtime.close()


@contextmanager
def page() -> Iterator[str]:
    """The address of the built page of CopilotKit. Who is reached meanwhile, by whatever program,
    is written down with the rest.
    """
    built = Path(__file__).parent / "copilotkit-1.74" / "dist"
    with watched() as reached, serve_site(built) as site:
        yield site
    with open(os.environ["REACHED"], "a") as file:
        file.writelines(f"{each}\n" for each in reached)


async def chat() -> None:
    with page() as site:
        async with serving(AGUI_CORS_ORIGINS=site) as (_, origin, _), Browser() as browser:
            query = urlencode({"runtimeUrl": f"{origin}/copilotkit", "threadId": "t1"})
            chat = TodaysChat(await browser.open(f"{site}/?{query}"), Path())
            await chat.say("hello")
            await chat.answers("You said: hello")


async def page_that_reaches_out() -> None:
    """What must be noticed of a page."""
    with page() as site:
        async with Browser() as browser:
            tab = await browser.open(site)
            for address in ("http://192.0.2.1/", "http://copilotkit.ai/"):
                await tab.read("(url) => fetch(url).catch(() => null).then(() => true)", address)


async def reach_out() -> None:
    """What must be noticed."""
    with suppress(OSError):
        await asyncio.open_connection("192.0.2.1", 80)


WORK = {
    "serve": serve,
    "litellm": ask_litellm,
    "chat": chat,
    "reach_out": reach_out,
    "page_that_reaches_out": page_that_reaches_out,
}

if __name__ == "__main__":
    if sys.argv[1] == "import":
        import_all()
    else:
        asyncio.run(WORK[sys.argv[1]]())
