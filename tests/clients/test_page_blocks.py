"""Blocks on the server's own page, as a person sees them: drawn, and there again after a reload."""

from __future__ import annotations

import pytest

from agui_runtime import Blocks, CopilotRuntime, Options, create_app
from examples import blocks_app
from tests.clients.browser import Tab
from tests.clients.conftest import ARTIFACTS
from tests.clients.page import PageOfServer, visiting
from tests.support import served
from tests.wrappers.block_models import Model, show

pytestmark = pytest.mark.asyncio(loop_scope="session")

PICTURES = ARTIFACTS / "page" / "pictures"
CHARTS = ("area", "bar", "line", "pie", "radar", "radial")
BARS = "() => document.querySelectorAll('[data-kind=chart] svg[role=img] rect').length === 6"
ALL = "() => document.querySelectorAll('[data-kind=chart] svg[role=img] > *').length > 20"
LINKS = "() => [...document.querySelectorAll('.block a')].map((each) => each.getAttribute('href'))"
WILD = {
    "headers": ["<b>x</b>", "link"],
    "rows": [
        ["<img src=x onerror=alert(1)>", "https://a.example/"],
        ["javascript:alert(1)", "//evil.example/"],
        ["http://plain.example/", "/ui/state"],
    ],
}


async def drawn(page: PageOfServer) -> None:
    await page.tab.wait(BARS)
    await page.tab.shows("[data-kind=table] td", "Ulm")
    await page.tab.shows("[data-kind=timeline] strong", "Design")
    await page.tab.shows("[data-kind=entity] dd", "Paint the fence")
    await page.tab.shows("[data-kind=board] dt", "columns")  # a kind of the application's own


async def test_blocks_are_drawn_and_are_there_after_a_reload(home: Tab) -> None:
    async with (
        served(create_app(blocks_app.runtime)) as origin,
        visiting(home, origin, PICTURES) as visitor,
    ):
        page = await visitor.open()
        await page.begin("Show me")
        await drawn(page)
        assert await page.findings() == []
        await page.tab.screenshot(PICTURES / "blocks.png")
        await page.tab.reload()
        await drawn(page)


async def test_what_a_model_wrote_is_text_and_links_are_safe(home: Tab) -> None:
    charts = [show(kind, "chart", {**blocks_app.SALES, "chartType": kind}) for kind in CHARTS]
    others = [show("wild", "table", WILD), show("bad", "timeline", {})]
    model = Model([event for each in [*charts, *others] for event in each])
    runtime = CopilotRuntime({"default": model}, options=Options(blocks=Blocks()))
    async with (
        served(create_app(runtime)) as origin,
        visiting(home, origin, PICTURES) as visitor,
    ):
        page = await visitor.open()
        await page.begin("Show me")
        await page.tab.wait(ALL)
        await page.tab.shows("[data-kind=table] td", "<img src=x onerror=alert(1)>")
        await page.tab.shows("[data-kind=timeline]", "This timeline could not be shown.")
        assert await page.tab.read(LINKS) == ["https://a.example/", f"{origin}/ui/state"]
        assert await page.findings() == []
        await page.tab.screenshot(PICTURES / "blocks-charts.png")
