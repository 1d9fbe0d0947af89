"""A real LangGraph server (`langgraph dev`) in an environment of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from tests.peers.environments import HERE, environment

QUIET = {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1", "DO_NOT_TRACK": "1"}


@contextmanager
def langgraph_dev(model: str) -> Iterator[str]:
    """The origin of a server whose graph asks the model at that URL; what it keeps goes with it."""
    python = str(environment("langgraph-server"))
    with TemporaryDirectory() as parent:
        folder = Path(parent) / "project"
        shutil.copytree(HERE / "servers" / "langgraph_dev", folder)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        words = [python, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload"]
        with (folder / "log").open("w") as log:
            process = subprocess.Popen(
                [*words, "--port", str(port)],
                cwd=folder,
                env={**os.environ, **QUIET, "MODEL_URL": model},
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            origin = f"http://127.0.0.1:{port}"
            _await(f"{origin}/ok", process, folder / "log")
            yield origin
        finally:
            process.terminate()
            process.wait()


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    while process.poll() is None:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)  # a foreign process has no other way to say that it listens
    raise RuntimeError(log.read_text())
