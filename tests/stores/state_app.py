"""An app whose agent `trip` has a schema and a migration, as AGUI_APP=tests.stores.state_app."""

from __future__ import annotations

from typing import Any

from agui_runtime import CopilotRuntime, StateSchema
from agui_runtime.connectors.demo import DemoAgent


def _renamed(state: dict[str, Any]) -> dict[str, Any]:
    return {"city": state["town"]}


runtime = CopilotRuntime(
    agents={"default": DemoAgent(), "trip": DemoAgent()},
    states={"trip": StateSchema({"required": ["city"]}, version=2, migrations={1: _renamed})},
)
