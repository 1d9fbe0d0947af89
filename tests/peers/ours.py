"""Our own package in the environment of another framework, whose agents run in its process."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts import ROOT
from tests.peers.environments import FOLDER, environment

QUIET = {
    "AGNO_TELEMETRY": "false",
    "COPILOTKIT_TELEMETRY_DISABLED": "true",
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "LANGSMITH_TRACING": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OTEL_SDK_DISABLED": "true",
    "HOME": str(FOLDER / "home"),  # CrewAI leaves files there
}


@contextmanager
def variables() -> Iterator[dict[str, str]]:
    """Those of a program in such an environment, by which our package is used where it lies."""
    with TemporaryDirectory() as folder:
        # That it is installed is all that its version needs.
        about = Path(folder) / "agui_runtime-0.dist-info" / "METADATA"
        about.parent.mkdir()
        about.write_text("Metadata-Version: 2.1\nName: agui-runtime\nVersion: 0\n")
        yield {**os.environ, **QUIET, "PYTHONPATH": folder}


@contextmanager
def serving(app: str, name: str, **more: str) -> Iterator[str]:
    """The ASGI app `module:name`, served by the Python of that environment; yields its origin."""
    python = str(environment(name))
    with variables() as env, socket.create_server(("127.0.0.1", 0)) as listener:
        served = [app, "--fd", str(listener.fileno()), "--log-level", "warning"]
        process = subprocess.Popen(
            [python, "-m", "uvicorn", *served],
            pass_fds=[listener.fileno()],
            cwd=ROOT,
            env=env | more,
        )
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            process.terminate()
            process.wait()
