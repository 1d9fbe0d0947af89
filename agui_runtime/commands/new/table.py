"""The templates: what each brings, and what its files have in the place of `{{...}}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

SERVER = "| `app.py` | the server: the agent, and what it can do |"


class Template(NamedTuple):
    """`requires` are requirements besides this package, whose `extras` it needs; `programs` are
    served, each at its port, the last one to the page; `keyed` is the one that needs the key;
    `untyped` packages were published without types.
    """

    about: str
    requires: Sequence[str] = ()
    extras: Sequence[str] = ()
    programs: Mapping[str, int] = {"app": 8000}
    keyed: str = "app"
    files: Sequence[str] = (SERVER,)
    untyped: Sequence[str] = ()


TEMPLATES: Mapping[str, Template] = {
    "openai": Template("A chat with a model of OpenAI's, or of any server that speaks like it."),
    "langgraph": Template(
        "A chat with a LangGraph agent.",
        requires=("ag-ui-langgraph>=0.0.47", "langchain>=1.4", "langchain-openai>=1.1"),
        untyped=("ag_ui_langgraph",),
    ),
    "agentscope": Template("A chat with an AgentScope agent.", extras=("agentscope",)),
    "pydantic-ai": Template(
        "A chat with a Pydantic AI agent.",
        requires=("pydantic-ai-slim[ag-ui,openai]>=2.60",),
    ),
    "remote": Template(
        "A chat whose agent is a service of its own, behind a server that keeps the threads. The"
        " service is plugged in by its address, also into other runtimes: as an AG-UI agent"
        " (`.../copilotkit/agent/assistant/run`), or as a CopilotKit remote endpoint"
        " (`.../copilotkit_remote`).",
        programs={"service": 8100, "app": 8000},
        keyed="service",
        files=(
            "| `service.py` | the service: the agent, and what it can do |",
            "| `app.py` | the server, which asks the service |",
        ),
    ),
}
"""By the names that `--template` takes."""
