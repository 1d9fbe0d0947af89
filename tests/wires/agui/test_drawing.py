"""What a page brings and offers has plain agents draw; what it asks first says what they draw."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest

from agui_runtime import CopilotRuntime, GenerativeUI, Options
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.wrappers.drawing.a2ui import TOOL
from tests.runtime.worlds import call
from tests.wires.agui.serving import Event, events, run_body, serving

SURFACE = json.dumps({"surfaceId": "s", "components": [{"id": "root", "component": "Card"}]})


async def test_a_page_with_a_catalog_has_any_agent_draw() -> None:
    async def agent(request: object) -> AsyncIterator[Event]:
        for event in call("t1", TOOL, SURFACE):
            yield event

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
        (GenerativeUI(a2ui=True), ["a", "b"], False),
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
