"""All generations of front ends on one base path, in one app or within another, across origins."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from agui_runtime.app import create_app
from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.runtime import CopilotRuntime
from tests.support import served
from tests.wires.agui.scripted import scripted_agents
from tests.wires.agui.serving import events, run_body, text

AGENTS = "query availableAgents { availableAgents { agents { name } } }"


async def test_a_post_on_the_base_path_goes_by_its_body() -> None:
    app = create_app(CopilotRuntime(agents=scripted_agents()))
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        enveloped = await client.post("/copilotkit", json={"method": "info"})
        listed = await client.post("/copilotkit", json={"query": AGENTS})
        refused = await client.post("/graphql", json={"method": "info"})
    assert "default" in enveloped.json()["agents"]
    assert len(listed.json()["data"]["availableAgents"]["agents"]) == 3
    assert refused.status_code == 400


async def test_a_run_may_come_in_an_envelope_beside_graphql() -> None:
    app = create_app(CopilotRuntime(agents=scripted_agents()))
    envelope = {"method": "agent/run", "params": {"agentId": "default"}, "body": run_body("hello")}
    async with served(app) as origin, httpx.AsyncClient(base_url=origin) as client:
        answer = await client.post("/copilotkit", json=envelope)
    assert text(events(answer.text)) == "Echo: hello"


@pytest.mark.parametrize("mounted", ["", "/outer", "/a b/c"])
@pytest.mark.parametrize("path", ["/copilotkit", "/api/v2/copilot"])
async def test_it_works_wherever_it_is_mounted(mounted: str, path: str) -> None:
    runtime = CopilotRuntime(agents={"team/one": scripted_agents()["default"]})
    app = create_app(runtime, path=path)
    if mounted:
        outer = FastAPI()
        outer.mount(mounted, app)
        app = outer
    async with served(app) as origin, httpx.AsyncClient(base_url=origin + mounted + path) as client:
        info = await client.get("/info")
        run = await client.post("/agent/team%2Fone/run", json=run_body("hello"))
        single = await client.post("/", json={"method": "info"})
    assert "team/one" in info.json()["agents"]
    assert text(events(run.text)) == "Echo: hello"
    assert single.status_code == 200


@pytest.mark.parametrize(
    ("allowed", "origin", "echoed", "credentials"),
    [
        (("*",), "http://page.test", "*", None),
        (("http://page.test",), "http://page.test", "http://page.test", "true"),
        (("http://page.test",), "http://bad.test", None, "true"),
    ],
)
async def test_pages_of_other_origins(
    allowed: tuple[str, ...], origin: str, echoed: str | None, credentials: str | None
) -> None:
    app = create_app(CopilotRuntime(agents=scripted_agents()), cors_origins=allowed)
    wanted = {
        "origin": origin,
        "access-control-request-method": "PATCH",
        "access-control-request-headers": "authorization,x-foo",
    }
    async with served(app) as url, httpx.AsyncClient(base_url=url + "/copilotkit") as client:
        preflight = await client.options("/threads/t1", headers=wanted)
        run = await client.post("/agent/default/run", json=run_body(), headers={"origin": origin})
    for answer in (preflight, run):
        assert answer.headers.get("access-control-allow-origin") == echoed
        assert answer.headers.get("access-control-allow-credentials") == credentials
    if echoed:
        assert preflight.headers["access-control-allow-headers"] == "authorization,x-foo"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]


def test_credentials_for_any_origin_are_refused_at_the_start() -> None:
    with pytest.raises(Misconfigured, match="cors_origins"):
        create_app(CopilotRuntime(agents=scripted_agents()), cors_origins=("*", "http://a.test"))
