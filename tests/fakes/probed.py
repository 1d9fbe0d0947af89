"""A runtime whose agents and remotes have their servers at `PROBED_URL`."""

from __future__ import annotations

import os

from agui_runtime.connectors.agui import AGUIAgent
from agui_runtime.connectors.copilotkit import RemoteEndpoint
from agui_runtime.connectors.openai import OpenAIAgent
from agui_runtime.runtime.runtime import CopilotRuntime

url = os.environ["PROBED_URL"]
runtime = CopilotRuntime(
    {
        "default": OpenAIAgent("gpt-x", api_key="a-key-that-is-long", base_url=f"{url}/v1"),
        "far": AGUIAgent(f"{url}/agent"),
    },
    remotes=[RemoteEndpoint(f"{url}/remote")],
)
