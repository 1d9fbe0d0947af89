"""Runs by itself, where only loopback answers: `serve` answers both wires, and every module of the
package is imported.
"""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import sys
from contextlib import suppress

import httpx

import agui_runtime
from agui_runtime.connectors.litellm import LiteLLMAgent
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


async def reach_out() -> None:
    """What must be noticed."""
    with suppress(OSError):
        await asyncio.open_connection("192.0.2.1", 80)


WORK = {"serve": serve, "litellm": ask_litellm, "reach_out": reach_out}

if __name__ == "__main__":
    if sys.argv[1] == "import":
        import_all()
    else:
        asyncio.run(WORK[sys.argv[1]]())
