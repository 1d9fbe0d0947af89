"""The command line as its user meets it: a process, its output, its exit code."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parent.parent


def environment(**more: str) -> dict[str, str]:
    """This process's environment without settings, and with these."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AGUI_")}
    clean.pop("OPENAI_API_KEY", None)
    return clean | more


async def started(*words: str, **settings: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agui_runtime", *words),
        cwd=ROOT,
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def finished(*words: str, **settings: str) -> tuple[int | None, str, str]:
    """A command's exit code, output and errors."""
    process = await started(*words, **settings)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def serving(**settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, str]]:
    """A running server: its process, its origin, and what it said before it was ready."""
    port = free_port()
    process = await started("serve", "--port", str(port), **settings)
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        said = await process.stdout.readuntil(b"agent")
        while b"running on" not in await process.stderr.readline():
            pass
        yield process, f"http://127.0.0.1:{port}", said.decode()
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_serve_says_what_is_where_and_answers_there() -> None:
    async with serving() as (_, origin, said), httpx.AsyncClient() as client:
        addresses = re.findall(r"http://\S+", said)
        assert f"{origin}/copilotkit" in addresses
        answer = await client.post(f"{origin}/copilotkit", json={"query": "{ hello }"})
        assert answer.json() == {"data": {"hello": "Hello World"}}
        assert (await client.get(f"{origin}/healthz")).status_code == 200


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
async def test_serve_ends_when_it_is_told_to(stop: signal.Signals) -> None:
    async with serving() as (process, _, _):
        process.send_signal(stop)
        _, err = await process.communicate()
        assert b"Finished server process" in err
        assert b"Traceback" not in err


async def test_serve_stays_on_loopback_without_authentication() -> None:
    code, _, err = await finished("serve", "--host", "0.0.0.0", "--port", "0")
    assert code == 2
    assert "AGUI_ALLOW_ANONYMOUS=1" in err
    assert "Traceback" not in err


async def test_a_wrong_setting_is_one_line_and_exit_code_2() -> None:
    code, out, err = await finished("serve", AGUI_MODEL="openai/gpt-x")
    assert (code, out) == (2, "")
    assert err == "agui-runtime: AGUI_MODEL=openai/gpt-x needs OPENAI_API_KEY\n"


async def test_check_lists_the_agents() -> None:
    code, out, _ = await finished("check", AGUI_APP="bench.app:runtime")
    assert code == 0
    assert [line.partition(":")[0] for line in out.splitlines()] == ["default", "bench"]


async def test_schema_prints_the_sdl() -> None:
    code, out, _ = await finished("schema")
    assert code == 0
    assert "type Query {" in out
    assert "generateCopilotResponse(" in out


async def test_neither_litellm_nor_agentscope_is_loaded_by_starting() -> None:
    code = "import sys, agui_runtime.app; print(sorted({m.split('.')[0] for m in sys.modules}))"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    loaded = out.decode()
    assert "'fastapi'" in loaded
    assert not {"litellm", "agentscope", "redis", "mcp"} & set(re.findall(r"'(\w+)'", loaded))
