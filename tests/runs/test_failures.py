"""A run that fails leaves one line in the log that says why, whoever serves the app."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.ports import free_port
from tests.programs import ROOT, environment
from tests.runs.failing_app import KEY

LINES = {
    "broken": r"agent 'broken' failed: AGENT_ERROR: the agent failed"
    r" \(RuntimeError: boom with \S+ and a second line, at \S*failing_app\.py:\d+\)",
    "mistyped": r"agent 'mistyped' failed: AGENT_PROTOCOL_ERROR: .*did you mean TEXT_MESSAGE_START",
    "unwilling": r"agent 'unwilling' failed: NOT_TODAY: not today",
    "reporting": r"agent 'reporting' failed: PAPER: out of paper",
    "unreachable": r"agent 'unreachable' failed: MODEL_UNREACHABLE: .*\(\w+",
}


@asynccontextmanager
async def served_by_uvicorn() -> AsyncIterator[tuple[httpx.AsyncClient, list[str]]]:
    """The app of failing agents as `uvicorn module:app`, and the lines of its log so far."""
    port, nobody = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "tests.runs.failing_app:app", "--port", str(port)),
        cwd=ROOT,
        env=environment(NOBODY=f"http://127.0.0.1:{nobody}/v1"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    lines: list[str] = []
    try:
        while b"running on" not in await process.stderr.readline():
            pass
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            yield client, lines
    finally:
        process.terminate()
        _, rest = await process.communicate()
        lines += rest.decode().splitlines()


async def run(client: httpx.AsyncClient, agent: str) -> None:
    body = {"threadId": agent, "runId": "r1", "messages": [], "tools": [], "context": []}
    headers = {"x-request-id": f"req-{agent}"}
    path = f"/copilotkit/agent/{agent}/run"
    answer = await client.post(
        path, json=body | {"state": {}, "forwardedProps": {}}, headers=headers
    )
    assert answer.status_code == 200


@pytest.fixture(scope="module")
def log() -> list[str]:
    """What uvicorn's process wrote while every agent was asked once."""

    async def ask_all() -> list[str]:
        async with served_by_uvicorn() as (client, lines):
            for agent in [*LINES, "fine"]:
                await run(client, agent)
        return [line for line in lines if not line.startswith("INFO:")]

    return asyncio.run(ask_all())


@pytest.mark.parametrize("agent", LINES)
def test_a_failed_run_is_one_line_with_its_request_thread_agent_code_and_cause(
    agent: str, log: list[str]
) -> None:
    about = [line for line in log if f"req-{agent}" in line]
    assert len(about) == 1
    assert about[0].startswith(f"request req-{agent} thread {agent} run r1: ")
    assert re.search(LINES[agent], about[0])


def test_there_is_no_other_line_no_traceback_and_no_key(log: list[str]) -> None:
    assert len(log) == len(LINES)
    assert KEY not in "".join(log)
