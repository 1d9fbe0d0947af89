"""Blocks without a key: a scripted agent shows one of each kind, and a board of its own.

    AGUI_APP=examples.blocks_app:runtime python3 scripts.py serve

Then ask it anything on the page, or in a page of yours with the renderers in `blocks/`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

from ag_ui.core import RunAgentInput

from agui_runtime import Block, Blocks, Caller, CopilotRuntime, Options

TASKS = {"t1": {"title": "Paint the fence", "owner": "anonymous", "due": "2026-12-01"}}

SALES = {
    "chartType": "bar",
    "title": "Sales",
    "data": [
        {"month": "January", "shop": 186, "web": 80},
        {"month": "February", "shop": 305, "web": 200},
        {"month": "March", "shop": 237, "web": 120},
    ],
    "config": {"shop": {"label": "Shop", "color": "#2563eb"}, "web": {"label": "Web"}},
}
CITIES = {"title": "Cities", "headers": ["City", "Inhabitants"], "rows": [["Ulm", 129000]]}
PLAN = {
    "title": "Plan",
    "entries": [
        {"id": "a", "date": "2026-01-31", "title": "Design", "status": "done"},
        {"id": "b", "date": "2026-03-01", "title": "Release", "description": "With blocks"},
    ],
}


class Board(Block):
    """Show a board of cards in columns."""

    title: str
    columns: dict[str, list[str]]

    def in_markdown(self) -> str:
        return "\n".join(f"- {name}: {', '.join(self.columns[name])}" for name in self.columns)


async def task(kind: str, id_: str, caller: Caller) -> dict[str, str] | None:
    """The record for whoever asks, and for nobody else."""
    found = TASKS.get(id_) if kind == "task" else None
    return found if found and found["owner"] == caller.owner else None


def shown(kind: str, arguments: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What a model's call of a tool amounts to."""
    call = {"toolCallId": str(uuid4())}
    yield {"type": "TOOL_CALL_START", **call, "toolCallName": f"show_{kind}"}
    yield {"type": "TOOL_CALL_ARGS", **call, "delta": json.dumps(arguments)}
    yield {"type": "TOOL_CALL_END", **call}


async def analyst(request: RunAgentInput) -> AsyncIterator[dict[str, Any] | str]:
    """Shows one block of each kind."""
    if request.messages[-1].role == "tool":
        yield "That is what there is."
        return
    for event in shown("chart", SALES):
        yield event
    for event in shown("table", CITIES):
        yield event
    for event in shown("timeline", PLAN):
        yield event
    for event in shown("entity", {"kind": "task", "id": "t1"}):
        yield event
    for event in shown("board", {"title": "Work", "columns": {"to do": ["paint"], "done": []}}):
        yield event


blocks = Blocks(kinds={"board": Board}, entities=task)
runtime = CopilotRuntime(agents={"default": analyst}, options=Options(blocks=blocks))
