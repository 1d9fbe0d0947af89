"""Models that say blocks, and what their runs show."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

from ag_ui.core import RunAgentInput

from agui_runtime import Blocks, CopilotRuntime, Options
from tests.runtime.worlds import asking, call, ran, text

Event = dict[str, Any]

CHART = {
    "title": "Sales",
    "chartType": "bar",
    "data": [{"month": "Jan", "sales": "12"}, {"month": "Feb", "sales": 14.5}],
    "config": {"sales": {"label": "Sales", "color": "#2563eb"}},
}
WHOLE = {
    **CHART,
    "data": [{"month": "Jan", "sales": 12}, {"month": "Feb", "sales": 14.5}],
    "xKey": "month",
}
TABLE = {"headers": ["city", "°C"], "rows": [["Ulm", "21"], ["Köln", None]]}
TIMELINE = {"entries": [{"id": "a", "date": "2026-01-31", "title": "Begun"}]}


class Model:
    """A model that answers each time with the next of its answers, then with a few words."""

    name = "default"
    description = ""

    def __init__(self, *answers: Sequence[Event]) -> None:
        self.answers = list(answers)
        self.requests: list[RunAgentInput] = []

    async def run(self, request: RunAgentInput) -> AsyncIterator[Event]:
        self.requests.append(request)
        number = len(self.requests)
        given = self.answers.pop(0) if self.answers else text(f"last-{number}", "That is all.")
        for event in given:
            yield event

    @property
    def results(self) -> list[str]:
        """What its calls returned, as the last request has it."""
        return [str(m.content) for m in self.requests[-1].messages if m.role == "tool"]

    @property
    def tools(self) -> list[str]:
        return [tool.name for tool in self.requests[-1].tools or ()]


def show(call_id: str, kind: str, arguments: object) -> list[Event]:
    written = arguments if isinstance(arguments, str) else json.dumps(arguments)
    return call(call_id, f"show_{kind}", written)


async def shown(model: Model, **options: Any) -> list[Event]:  # noqa: ANN401
    """All events of a run."""
    blocks = Blocks(**options)
    runtime = CopilotRuntime({"default": model}, options=Options(blocks=blocks))
    return await ran(runtime, asking())


def activities(events: Sequence[Event]) -> list[tuple[str, str, Event]]:
    return [
        (event["messageId"], event["activityType"], event["content"])
        for event in events
        if event["type"] == "ACTIVITY_SNAPSHOT"
    ]


def refusals(events: Sequence[Event]) -> list[Event]:
    return [event["value"] for event in events if event.get("name") == "agui_runtime.block_refused"]
