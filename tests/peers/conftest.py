"""Foreign servers, each started once for the session, in an environment of its own.

To install them takes minutes: their tests are run by `python3 scripts.py peers` alone.
"""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.fakes.model import ModelServer
from tests.peers.environments import HERE, environment
from tests.peers.examples import example
from tests.peers.ours import QUIET


@contextmanager
def serving(name: str, script: str, *arguments: str) -> Iterator[str]:
    """The script in that environment, given a socket that listens already; yields its origin."""
    python = environment(name)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
        words = [str(python), f"{HERE}/servers/{script}", str(listener.fileno()), *arguments]
        process = subprocess.Popen(
            words, pass_fds=[listener.fileno()], env={**os.environ, **QUIET}, cwd=HERE
        )
    try:
        yield origin
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(scope="session")
def pydantic_ai() -> Iterator[str]:
    with serving("pydantic-ai", "pydantic_ai_server.py") as origin:
        yield origin


@pytest.fixture(scope="session")
def ag_ui_langgraph() -> Iterator[str]:
    with serving("ag-ui-langgraph", "ag_ui_langgraph_server.py") as origin:
        yield origin


@pytest.fixture(scope="session")
def agno() -> Iterator[str]:
    with ModelServer() as model, serving("agno", "agno_server.py", model.url) as origin:
        yield f"{origin}/agui"


@pytest.fixture(scope="session")
def crewai() -> Iterator[str]:
    with example("crewai_server") as served:
        yield served.origin


@pytest.fixture(scope="session")
def agent_framework() -> Iterator[str]:
    with example("agent_framework_server") as served:
        yield served.origin


@pytest.fixture(scope="session")
def copilotkit_0_1_70() -> Iterator[str]:
    """The last release but a few that has LangGraph and CrewAI agents for its endpoint."""
    name = "copilotkit-0.1.70"
    with ModelServer() as model, serving(name, "copilotkit_endpoint.py", model.url) as origin:
        yield f"{origin}/copilotkit_remote"


@pytest.fixture(scope="session")
def copilotkit_0_1_96() -> Iterator[str]:
    with serving("copilotkit-0.1.96", "copilotkit_endpoint.py") as origin:
        yield f"{origin}/copilotkit_remote"


@pytest.fixture(params=["copilotkit_0_1_70", "copilotkit_0_1_96"])
def copilotkit(request: pytest.FixtureRequest) -> str:
    """The remote endpoint of each release."""
    return str(request.getfixturevalue(request.param))
