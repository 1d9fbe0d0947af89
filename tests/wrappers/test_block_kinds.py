"""Which blocks can be drawn, and the reasons why others cannot."""

from __future__ import annotations

import json

import pytest
from pydantic import model_validator

from agui_runtime import Block
from tests.runtime.worlds import kinds
from tests.wrappers.block_models import (
    CHART,
    TABLE,
    TIMELINE,
    WHOLE,
    Event,
    Model,
    activities,
    refusals,
    show,
    shown,
)


@pytest.mark.parametrize(
    ("kind", "arguments", "reason"),
    [
        ("chart", {**CHART, "chartType": "Bar"}, "chartType"),
        ("chart", {**CHART, "data": []}, "data"),
        ("chart", {**CHART, "data": [{"sales": 1}] * 2001}, "data"),
        ("chart", {**CHART, "data": [{"month": "Jan", "sales": "NaN"}]}, "not finite"),
        ("chart", {**CHART, "data": [{"month": "Jan", "sales": "1e999"}]}, "not finite"),
        ("chart", {**CHART, "data": [{"month": "Jan", "sales": True}]}, "no number"),
        ("chart", {**CHART, "data": [{"month": {"a": 1}, "sales": 1}]}, "no list or object"),
        ("chart", {**CHART, "data": [{"sales": 1, "__proto__": 1}]}, "__proto__"),
        ("chart", {**CHART, "config": {}}, "config"),
        ("chart", {**CHART, "config": {f"s{n}": {} for n in range(13)}}, "config"),
        ("chart", {**CHART, "config": {"profit": {}}}, "'profit' is no key"),
        ("chart", {**CHART, "config": {"sales": {"color": "url(https://x.y)"}}}, "no colour"),
        ("chart", {**CHART, "config": {"sales": {"color": "red;background:#fff"}}}, "no colour"),
        ("chart", {**CHART, "config": {"sales": {"color": "var(--x)"}}}, "no colour"),
        ("chart", {**CHART, "config": {"sales": {"color": "#fff\n"}}}, "no colour"),
        ("chart", {**CHART, "xKey": "year"}, "xKey"),
        ("table", {**TABLE, "rows": [["Ulm"]]}, "1 cells for 2 headers"),
        ("table", {**TABLE, "rows": [["Ulm", ["21"]]]}, "no list or object"),
        ("table", {**TABLE, "rows": [["Ulm", "x" * 2001]]}, "2001 characters"),
        ("table", {"headers": [], "rows": []}, "headers"),
        ("table", {"headers": ["a"] * 51, "rows": []}, "headers"),
        ("table", {"headers": ["a"], "rows": [["1"]] * 1001}, "rows"),
        ("timeline", {"entries": TIMELINE["entries"] * 2}, "another entry's id"),
        ("timeline", {"entries": [{"id": "a", "date": 1769817600, "title": "x"}]}, "seconds"),
        ("timeline", {"entries": [{"id": "a", "date": "1769817600", "title": "x"}]}, "seconds"),
        ("timeline", {"entries": [{"id": "a", "date": "31.1.2026", "title": "x"}]}, "no date"),
        ("timeline", {"entries": [{"id": "a", "date": "2026-02-30", "title": "x"}]}, "no date"),
        ("timeline", {"entries": [{"id": "a", "date": 1e16, "title": "x"}]}, "beyond"),
        ("entity", {"kind": "task"}, "id"),
        ("chart", "[1]", "no JSON object"),
        ("chart", "", "no JSON"),
        ("chart", '{"chartType": “bar”}', "line 1 column 15"),
        ("chart", "[" * 100_000, "no JSON"),
        ("table", '{"headers": ["a"], "rows": [["' + "x" * 262_144 + '"]]}', "256 KB"),
    ],
)
async def test_what_no_page_could_draw_is_refused_with_the_reason(
    kind: str, arguments: object, reason: str
) -> None:
    model = Model(show("c1", kind, arguments))
    events = await shown(model)
    [refusal] = refusals(events)
    assert refusal["kind"] == kind
    assert reason in refusal["reason"]
    assert reason in model.results[0]
    assert activities(events)[-1][2] == {"status": "refused", "reason": refusal["reason"]}
    assert kinds(events)[-1] == "RUN_FINISHED"


@pytest.mark.parametrize(
    ("kind", "arguments", "content"),
    [
        ("table", TABLE, {"headers": ["city", "°C"], "rows": [["Ulm", 21], ["Köln", None]]}),
        ("table", {"headers": ["zip"], "rows": [["07743"], ["1.50"]]}, None),
        ("table", {"headers": ["nothing"], "rows": []}, None),
        ("timeline", TIMELINE, None),
        ("timeline", {"entries": [{"id": "a", "date": 1769817600000, "title": "x"}]}, None),
        ("chart", {**CHART, "data": json.dumps(CHART["data"])}, WHOLE),
        (
            "chart",
            {
                "chartType": "pie",
                "data": [{"browser": "firefox", "share": 7}],
                "config": {"share": {"label": "Share"}, "firefox": {"color": "chart-1"}},
                "xKey": "browser",
            },
            None,
        ),
    ],
)
async def test_what_a_page_can_draw_is_shown(
    kind: str, arguments: Event, content: Event | None
) -> None:
    events = await shown(Model(show("c1", kind, arguments)))
    assert activities(events)[-1] == ("block-c1", f"block.{kind}", content or arguments)


async def test_a_kind_of_your_own() -> None:
    class Kanban(Block):
        """Show a board."""

        title: str
        columns: dict[str, list[str]]

        def in_markdown(self) -> str:
            return f"A board of {len(self.columns)} columns"

    board = {"title": "Work", "columns": {"todo": ["a"], "done": []}}
    model = Model(show("c1", "kanban", board), show("c2", "kanban", {"title": "x"}))
    events = await shown(model, kinds={"kanban": Kanban, "chart": None})
    assert "show_kanban" in model.tools and "show_chart" not in model.tools
    assert activities(events)[1] == ("block-c1", "block.kanban", board)
    [whole] = [e for e in events if e.get("content") == board]
    assert whole["metadata"]["agui_runtime.fallback"] == "A board of 2 columns"
    assert refusals(events)[0]["kind"] == "kanban"


async def test_a_kind_that_fails_refuses_its_block() -> None:
    class Fragile(Block):
        number: int

        @model_validator(mode="after")
        def _check(self) -> Fragile:
            raise RuntimeError("secret")

    events = await shown(Model(show("c1", "fragile", {"number": 1})), kinds={"fragile": Fragile})
    assert [refusal["reason"] for refusal in refusals(events)] == ["Fragile could not check it"]
    assert kinds(events)[-1] == "RUN_FINISHED"
