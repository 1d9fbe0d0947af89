"""Answers for a popup, which shows text alone."""

from __future__ import annotations

from ag_ui.core import RunAgentInput

from agui_runtime.core.requests import request_props
from agui_runtime.wrappers.base import Wrapper
from agui_runtime.wrappers.transforms import drop, transformed


def is_popup(request: RunAgentInput) -> bool:
    """Whether the page says so: its property `surface` is `popup`."""
    return request_props(request).get("surface") == "popup"


def without_activities(agent: object) -> Wrapper:
    """The agent, of which nothing is shown that is no message."""
    return transformed(agent, drop("ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA"))
