"""What a page brings and offers has plain agents draw; what it asks first says what they draw."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from agui_runtime import CopilotRuntime, GenerativeUI, Options
from agui_runtime.agents.agent import Offer
from agui_runtime.agents.border import FunctionAgent
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.core.events import RunContext
from agui_runtime.wrappers import with_fallback, with_handoff
from agui_runtime.wrappers.drawing.a2ui import SCHEMA_CONTEXT, TOOL, A2UIAgent
from tests.runtime.worlds import call
from tests.wires.agui.serving import Event, events, run_body, serving

SURFACE = json.dumps({"surfaceId": "s", "components": [{"id": "root", "component": "Card"}]})


async def agent(request: object) -> AsyncIterator[Event]:
    """It draws, where it may."""
    for event in call("t1", TOOL, SURFACE):
        yield event


class Remote:
    """A server with an agent."""

    async def offer(self, context: RunContext) -> Offer:
        return Offer({"remote": FunctionAgent(agent)})

    async def close(self) -> None:
        pass


async def test_a_page_with_a_catalog_has_any_agent_draw() -> None:
    runtime = CopilotRuntime({"default": agent})
    props = {"a2uiCatalogAvailable": True}
    async with serving(runtime) as client:
        with_catalog = await client.post("/agent/default/run", json=run_body(forwardedProps=props))
        without = await client.post("/agent/default/run", json=run_body(thread="t2"))
        again = await client.post("/agent/default/connect", json=run_body(run="c", messages=[]))

    def drawn(body: str) -> list[str]:
        return [each["messageId"] for each in events(body) if each["type"] == "ACTIVITY_SNAPSHOT"]

    assert set(drawn(with_catalog.text)) == {"a2ui-surface-t1"}
    assert drawn(without.text) == []
    assert drawn(again.text) == drawn(with_catalog.text)


@pytest.mark.parametrize(
    ("choice", "surfaces", "pages"),
    [
        (GenerativeUI(), None, False),
        (GenerativeUI(a2ui=True, agents=["a", "b"]), ["a", "b"], False),
        (GenerativeUI(a2ui=True, open_ui=True, agents=["b"]), ["b"], True),
    ],
)
async def test_info_names_the_agents_that_draw(
    choice: GenerativeUI, surfaces: list[str] | None, pages: bool
) -> None:
    runtime = CopilotRuntime(
        {"a": DemoAgent(), "b": DemoAgent()}, options=Options(generative_ui=choice)
    )
    async with serving(runtime) as client:
        info = (await client.get("/info")).json()
    assert info["a2uiEnabled"] is (surfaces is not None)
    assert info.get("a2ui", {}).get("agents") == surfaces
    assert info["openGenerativeUIEnabled"] is pages


async def test_pages_are_told_of_no_names_where_all_agents_draw() -> None:
    runtime = CopilotRuntime({"a": agent}, options=ALL_DRAW, remotes=[Remote()])
    async with serving(runtime) as client:
        info = (await client.get("/info")).json()
    assert info["a2uiEnabled"] is True
    assert info["a2ui"] == {"enabled": True}


ALL_DRAW = Options(generative_ui=GenerativeUI(a2ui=True))

RUNTIMES: dict[str, tuple[dict[str, object], Options, set[str]]] = {
    "as pages wish": ({"a": agent, "b": agent}, Options(), {"a", "b", "remote"}),
    "all": ({"a": agent, "b": agent}, ALL_DRAW, {"a", "b", "remote"}),
    "none": ({"a": agent}, Options(generative_ui=GenerativeUI(a2ui=False)), set()),
    "some, named": (
        {"a": agent, "b": agent},
        Options(generative_ui=GenerativeUI(a2ui=True, agents=["a", "remote"])),
        {"a", "remote"},
    ),
    "some, as pages wish": (
        {"a": agent, "b": agent},
        Options(generative_ui=GenerativeUI(agents=["a"])),
        {"a"},
    ),
    "one is wrapped": ({"a": A2UIAgent(agent), "b": agent}, Options(), {"a"}),
    "others are wrapped": (
        {"a": with_fallback(agent, A2UIAgent(agent)), "b": agent},
        Options(),
        set(),
    ),
}


@pytest.mark.parametrize("name", RUNTIMES)
async def test_what_draws_draws_with_the_catalog_of_the_page(name: str) -> None:
    agents, options, drawing = RUNTIMES[name]
    runtime = CopilotRuntime(agents, options=options, remotes=[Remote()])
    async with serving(runtime) as client:
        info = (await client.get("/info")).json()
        drawn = {each: await catalogs(client, info, each) for each in info["agents"]}
    assert {name for name, found in drawn.items() if found} == drawing
    assert set().union(*drawn.values()) <= {"shop"}


async def test_pages_are_told_of_an_agent_that_draws_when_it_is_handed_the_conversation() -> None:
    painter = with_handoff(FunctionAgent(agent, name="clerk"), {"painter": A2UIAgent(agent)})
    async with serving(CopilotRuntime({"default": painter, "spare": agent})) as client:
        info = (await client.get("/info")).json()
    assert info["a2ui"]["agents"] == ["default"]


async def catalogs(client: httpx.AsyncClient, info: dict[str, Any], agent: str) -> set[str]:
    """With which catalogs the agent draws for a page that has `shop`."""
    named = info.get("a2ui", {}).get("agents")
    schema = {"description": SCHEMA_CONTEXT, "value": json.dumps({"catalogId": "shop"})}
    sent = run_body(
        thread=agent,
        context=[schema] if named is None or agent in named else [],
        forwardedProps={"a2uiCatalogAvailable": True},
    )
    answer = await client.post(f"/agent/{agent}/run", json=sent)
    return set(_catalogs(events(answer.text)))


def _catalogs(found: list[Event]) -> Iterator[str]:
    for event in found:
        if event["type"] == "ACTIVITY_SNAPSHOT":
            for operation in event["content"].get("a2ui_operations", ()):
                if "createSurface" in operation:
                    yield operation["createSurface"]["catalogId"]
