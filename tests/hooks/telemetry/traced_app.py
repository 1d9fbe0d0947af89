"""A runtime whose agents ask a model, for the tests of spans."""

from __future__ import annotations

import os

from agui_runtime import CopilotRuntime
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.hooks.hook import Hook
from tests.hooks.telemetry.measured_app import broken, weather


def traced_runtime(url: str, *hooks: Hook) -> CopilotRuntime:
    """The agent `default`, with two tools and the agent `scout` to call."""
    scout = OpenAIAgent("small", base_url=url, api_key="sk-test", description="Looks around")
    return CopilotRuntime(
        agents={"default": OpenAIAgent("large", base_url=url, api_key="sk-test"), "scout": scout},
        actions=[weather, broken],
        hooks=hooks,
    )


if "MODEL_URL" in os.environ:
    runtime = traced_runtime(os.environ["MODEL_URL"])
