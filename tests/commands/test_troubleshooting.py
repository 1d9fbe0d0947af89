"""Each failure of the page about trouble, provoked: the page quotes the line that comes."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from tests.fakes.model import ModelServer
from tests.ports import free_port
from tests.programs import ROOT, environment, finished, serving
from tests.support import served

PAGE = (ROOT / "docs" / "troubleshooting.md").read_text()
QUOTED = dict(re.findall(r"^### (.+)\n\n```text\n(.+)\n```", PAGE, re.M))
"""The lines of the page, by their headings."""

NOBODY = f"127.0.0.1:{free_port()}"

AT_START: Mapping[str, Mapping[str, str]] = {
    "A setting is misspelt": {"AGUI_STROE": "memory:"},
    "The key of OpenAI is missing": {"AGUI_MODEL": "openai/gpt-4o-mini"},
    "Redis cannot be reached": {"AGUI_STORE": f"redis://user:secret@{NOBODY}/0"},
    "PostgreSQL cannot be reached": {"AGUI_STORE": f"postgresql://user:secret@{NOBODY}/threads"},
    "The file of threads cannot be written": {"AGUI_STORE": "sqlite:////proc/threads.db"},
    "The module of AGUI_APP is not found": {"AGUI_APP": "nothere:runtime"},
    "The file of prices is not there": {"AGUI_PRICES": "/nowhere/prices.json"},
}
"""Settings with which the server does not start."""

IN_RUNS: Mapping[str, tuple[str, str]] = {
    "The model provider does not take the key": ("default", "[error:401]"),
    "The model provider does not know the model": ("default", "[error:404]"),
    "The model's server is down": ("unreachable", "hi"),
    "An agent yields an event that does not exist": ("mistyped", "hi"),
    "An agent raises an exception": ("broken", "hi"),
    "A remote agent cannot be reached": ("remote", "hi"),
}
"""Which agent is asked what."""

BESIDE = (
    "The runtimeUrl has the wrong path",
    "The runtimeUrl begins with https",
    "An MCP server answers 404",
    "Nobody takes the spans",
    "Nobody takes the figures of models",
)
"""What comes with any of these runs."""

PORTS = ("The port is in use", "The port of the numbers is in use")


def matches(heading: str, line: str) -> bool:
    pattern = ".*".join(map(re.escape, QUOTED[heading].split("…")))
    return re.search(pattern, line) is not None


def test_the_page_quotes_what_is_provoked_here_and_nothing_else() -> None:
    assert set(QUOTED) == {*AT_START, *IN_RUNS, *BESIDE, *PORTS}


@pytest.mark.parametrize("heading", AT_START)
async def test_what_keeps_a_server_from_starting_is_the_line_of_the_page(heading: str) -> None:
    code, _, err = await finished("serve", "--port", str(free_port()), **AT_START[heading])
    assert code == 2
    [line] = err.splitlines()
    assert matches(heading, line)
    assert "secret" not in err


@pytest.mark.parametrize("heading", PORTS)
async def test_a_port_in_use_is_the_line_of_the_page(heading: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        ours = port if heading == "The port is in use" else str(free_port())
        settings = {} if ours == port else {"AGUI_METRICS": f"127.0.0.1:{port}"}
        code, _, err = await finished("serve", "--port", ours, **settings)
    assert code == 2
    [line] = err.splitlines()
    assert matches(heading, line)


async def ask(client: httpx.AsyncClient, agent: str, text: str, number: int) -> None:
    messages = [{"id": "u1", "role": "user", "content": text}]
    body = {"threadId": f"t{number}", "runId": f"r{number}", "messages": messages, "tools": []}
    rest: dict[str, object] = {"context": [], "state": {}, "forwardedProps": {}}
    answer = await client.post(f"/copilotkit/agent/{agent}/run", json=body | rest)
    assert "RUN_ERROR" in answer.text


async def provoked() -> str:
    """What a server writes while each of the agents is asked."""
    async with ModelServer() as model, served(Starlette()) as elsewhere:
        settings = {
            "AGUI_APP": "tests.commands.troubled_app:runtime",
            "MODEL_URL": model.url,
            "NOBODY_URL": f"http://{NOBODY}",
            "ELSEWHERE_URL": elsewhere,
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{NOBODY}",
            "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
        }
        async with serving(**settings) as (process, origin, _):
            async with httpx.AsyncClient(base_url=origin, timeout=60) as client:
                await client.post("/api/copilotkit", json={"method": "info"})
                with pytest.raises(httpx.ConnectError):
                    await client.get(origin.replace("http://", "https://"))
                for number, (agent, text) in enumerate(IN_RUNS.values()):
                    await ask(client, agent, text, number)
            process.terminate()
            _, err = await process.communicate()
    return err.decode()


@pytest.fixture(scope="module")
def log() -> str:
    return asyncio.run(provoked())


@pytest.mark.parametrize("heading", [*IN_RUNS, *BESIDE])
def test_what_fails_in_a_run_is_the_line_of_the_page(heading: str, log: str) -> None:
    assert any(matches(heading, line) for line in log.splitlines()), log


def test_there_is_no_traceback_and_no_key(log: str) -> None:
    assert "Traceback" not in log
    assert "secretkey" not in log


AWAY = f"""
from agui_runtime import CopilotRuntime, create_app
from agui_runtime.connectors.demo import DemoAgent
from agui_runtime.stores.redis import RedisLimits, RedisStore

store = RedisStore("redis://user:secret@{NOBODY}/0", RedisLimits(patience=0.1))
app = create_app(CopilotRuntime({{"default": DemoAgent()}}, store=store))
"""


async def test_the_line_is_the_same_under_uvicorn(tmp_path: Path) -> None:
    (tmp_path / "away.py").write_text(AWAY)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "away:app", "--port", str(free_port())),
        cwd=tmp_path,
        env=environment() | {"PYTHONPATH": str(ROOT), "AGUI_STORE": ""},
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await process.communicate()
    lines = [line for line in err.decode().splitlines() if line.startswith("ERROR")]
    assert matches("Redis cannot be reached", lines[0])
    assert len(lines) == 2  # the other is uvicorn's: it exits
    assert "Traceback" not in err.decode()
    assert "secret" not in err.decode()
