"""The examples with other frameworks, each served in an environment of its own, over the local
model server.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tests.fakes.model import ModelServer
from tests.peers.ours import serving

ENVIRONMENTS = {
    "adk_app": "adapters-adk-llamaindex",
    "ag2_app": "adapters",
    "agent_framework_server": "agent-framework",
    "agno_app": "adapters",
    "copilotkit_langgraph_app": "adapters",
    "crewai_server": "crewai",
    "langgraph_app": "adapters",
    "llamaindex_app": "adapters-adk-llamaindex",
    "pydantic_ai_app": "adapters",
    "strands_app": "adapters-strands",
}


class Served(NamedTuple):
    """An example's origin, and the model that it asks."""

    origin: str
    model: ModelServer


@contextmanager
def example(name: str) -> Iterator[Served]:
    """The app of `examples/{name}.py`, served."""
    with ModelServer() as model:
        where = {"OPENAI_BASE_URL": model.url, "OPENAI_API_BASE": model.url}
        app = f"examples.{name}:app"
        with serving(app, ENVIRONMENTS[name], **where, OPENAI_API_KEY="sk-1") as origin:
            yield Served(origin, model)
