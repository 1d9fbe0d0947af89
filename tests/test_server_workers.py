"""Several processes of a server over threads in memory, which each would have for itself."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from agui_runtime.server_workers import workers_of
from tests.ports import free_port
from tests.programs import ROOT, environment

SAYS = "several workers need a store that they share, and threads are in memory: set AGUI_STORE"
APP = "tests.fakes.worked:app"


@pytest.mark.parametrize(
    ("line", "variables", "count"),
    [
        ("/venv/bin/uvicorn my_app:app --workers 4", {}, 4),
        ("/venv/lib/uvicorn/__main__.py --workers=2 my_app:app", {}, 2),
        ("uvicorn my_app:app", {"WEB_CONCURRENCY": "3"}, 3),
        ("uvicorn my_app:app --workers 1", {"WEB_CONCURRENCY": "3"}, 1),
        ("/usr/bin/gunicorn -w4 -k uvicorn_worker.UvicornWorker my_app:app", {}, 4),
        ("gunicorn -w 2 my_app:app", {}, 2),
        ("hypercorn my_app:app -w 2", {"WEB_CONCURRENCY": "3"}, 2),
        ("granian my_app:app", {"GRANIAN_WORKERS": "5"}, 5),
        ("uvicorn my_app:app", {"WEB_CONCURRENCY": "many"}, 1),
        ("uvicorn my_app:app --workers", {}, 1),
        ("my_server.py --workers 4", {"WEB_CONCURRENCY": "3"}, 1),
        ("", {"WEB_CONCURRENCY": "3"}, 1),
    ],
)
def test_how_many_processes_a_command_line_asks_for(
    line: str, variables: dict[str, str], count: int
) -> None:
    assert workers_of(line.split(), variables) == count


@pytest.mark.parametrize("way", ["--workers 2", "in the code"])
async def test_several_workers_of_uvicorn_over_memory_are_refused(way: str) -> None:
    port = str(free_port())
    words = ["-m", "uvicorn", APP, "--port", port, "--workers", "2"]
    if way == "in the code":
        words = ["-m", "tests.fakes.worked", port]
    assert SAYS in await ended(words)


async def test_one_that_they_share_is_taken(tmp_path: Path) -> None:
    port = str(free_port())
    words = ["-m", "uvicorn", APP, "--port", port, "--workers", "2"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words),
        cwd=ROOT,
        env=environment(AGUI_STORE=f"sqlite:///{tmp_path}/threads.db"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while b"startup complete" not in (line := await process.stderr.readline()):
        assert line
    process.terminate()
    await process.communicate()


async def ended(words: list[str]) -> str:
    """What it says until it ends by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *words), cwd=ROOT, env=environment(), stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    return err.decode()
