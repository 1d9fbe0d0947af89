"""A model with the tools of an MCP server: `uvicorn --factory examples.mcp_app:app`."""

import os

from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.mcp import McpServer, McpServers
from agui_runtime.connectors.openai import OPENAI, OpenAIAgent


def app(
    url: str = "http://127.0.0.1:9000/mcp",
    base_url: str = OPENAI,
    api_key: str = os.environ.get("OPENAI_API_KEY", ""),
) -> FastAPI:
    """The app. All agents of the runtime may call the server's tools, beside its own actions."""
    runtime = CopilotRuntime(
        agents={"default": OpenAIAgent("gpt-4o-mini", api_key=api_key, base_url=base_url)},
        remotes=[McpServers([McpServer(url=url)])],
    )
    return create_app(runtime)
