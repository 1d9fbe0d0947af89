"""What health checks are told of agents that are left alone for a while."""

from __future__ import annotations

import httpx
import pytest
from starlette.routing import Mount

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.commands.hosting import mounted
from agui_runtime.wrappers import drop, limited, transformed, with_breaker
from tests.connectors.page import Page
from tests.runtime.worlds import Scripted
from tests.support import served
from tests.wrappers.test_wrappers import Failing


async def test_readiness_tells_of_breakers_wherever_they_are() -> None:
    failing = with_breaker(Failing(RuntimeError()), failures=1)
    runtime = CopilotRuntime(
        {
            "default": limited(transformed(failing, drop("RAW")), 4),
            "well": with_breaker(Scripted()),
            "plain": Scripted(),
        }
    )
    async with served(create_app(runtime)) as origin, httpx.AsyncClient() as client:
        before = (await client.get(f"{origin}/readyz")).json()
        await Page(runtime).say("hi")
        after = await client.get(f"{origin}/readyz")

    assert before == {"status": "ready", "breakers": {"default": "closed", "well": "closed"}}
    assert after.status_code == 200
    assert after.json()["breakers"] == {"default": "open", "well": "closed"}


async def test_readiness_is_short_without_breakers() -> None:
    async with (
        served(create_app(CopilotRuntime({"default": Scripted()}))) as origin,
        httpx.AsyncClient() as client,
    ):
        assert (await client.get(f"{origin}/readyz")).json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/support"], {"default"}),
        (
            ["/support", "/sales"],
            {"default at /support/copilotkit", "default at /sales/copilotkit"},
        ),
    ],
)
async def test_readiness_of_mounted_runtimes_tells_of_the_breakers_of_all(
    paths: list[str], names: set[str]
) -> None:
    mounts = [
        Mount(path, create_app(CopilotRuntime({"default": with_breaker(Scripted())})))
        for path in paths
    ]
    async with served(mounted(mounts)) as origin, httpx.AsyncClient() as client:
        ready = (await client.get(f"{origin}/readyz")).json()
    assert ready == {"status": "ready", "breakers": dict.fromkeys(names, "closed")}
