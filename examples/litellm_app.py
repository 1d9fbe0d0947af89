"""A model of any provider of LiteLLM's: `uvicorn --factory examples.litellm_app:app`.

Without `api_key` LiteLLM reads the provider's own variable, such as ANTHROPIC_API_KEY; with a
`base_url` it asks a proxy or a server of yours.
"""

from fastapi import FastAPI

from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.litellm import ChatOptions, LiteLLMAgent


def app(
    model: str = "anthropic/claude-sonnet-4-5",
    base_url: str | None = None,
    api_key: str | None = None,
) -> FastAPI:
    """The app, with one agent."""
    assistant = LiteLLMAgent(
        model,
        api_key=api_key,
        base_url=base_url,
        instructions="Answer in one sentence.",
        options=ChatOptions(extra={"temperature": 0.2}),
    )
    return create_app(CopilotRuntime(agents={"default": assistant}))
