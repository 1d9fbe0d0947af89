"""Secrets of requests, which no line of the log may have, in whatever form it is written."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from agui_runtime.core.secrets import HIDDEN, redact_urls
from agui_runtime.hooks.telemetry.access_lines import hide_secrets_of_requests
from tests.ports import free_port
from tests.programs import ROOT, environment
from tests.wires.graphql.subscribing import PROTOCOL, Socket

SECRET = "hunter2-of-the-night"

SERVERS = {
    "serve": ("agui_runtime", "serve", "--port"),
    "uvicorn": ("uvicorn", "tests.runs.failing_app:app", "--log-level", "debug", "--port"),
}


async def written(server: str, **settings: str) -> str:
    """All that the server writes of requests over HTTP and a WebSocket that bring a secret."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *SERVERS[server], str(port)),
        cwd=ROOT,
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    try:
        line = b""
        while b"running on" not in line.lower():
            line = await process.stdout.readline()
        await requests(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        rest, _ = await process.communicate()
    return rest.decode()


async def requests(address: str) -> None:
    headers = {"authorization": f"Bearer {SECRET}", "cookie": f"session={SECRET}"}
    async with httpx.AsyncClient() as client:
        query = {"access_token": SECRET, "limit": "7"}
        url = f"http://{address}/copilotkit/threads"
        await client.get(url, params=query, headers=headers)
    url = f"ws://{address}/copilotkit?token={SECRET}&limit=8"
    protocols: Any = [PROTOCOL]
    async with connect(url, subprotocols=protocols, additional_headers=headers) as connection:
        payload = {"authorization": f"Bearer {SECRET}"}
        await Socket(connection).initialised(payload)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_token_of_a_query_or_a_header_is_in_no_line(server: str, form: str) -> None:
    text = await written(server, AGUI_LOG_FORMAT=form, AGUI_LOG_LEVEL="debug")
    assert f"threads?access_token={HIDDEN}&limit=7" in text
    assert f"copilotkit?token={HIDDEN}&limit=8" in text
    assert SECRET not in text


SHOWN = {
    "/a?token=abc": "/a?token=[hidden]",
    "/a?x=1&apiKey=abc&y=2 HTTP/1.1": "/a?x=1&apiKey=[hidden]&y=2 HTTP/1.1",
    "/a?x-amz-signature=abc;y=2": "/a?x-amz-signature=[hidden];y=2",
    "/a?q=eyJhbGciOi.e30.x": "/a?q=[hidden]",
    "/a?q=sk-1234567&limit=2": "/a?q=[hidden]&limit=2",
    "/a?threadId=t1&after=7.3": "/a?threadId=t1&after=7.3",
    "redis://u:p@ss@host:1/0": "redis://host:1/0",
    "see https://ann:pass@host/x now": "see https://host/x now",
    "a@b.example, x=y": "a@b.example, x=y",
    "?" * 60_000 + "=": "?" * 60_000 + "=",
}


@pytest.mark.parametrize("text", SHOWN)
def test_what_is_no_secret_is_shown(text: str) -> None:
    assert redact_urls(text) == SHOWN[text]


class Atoms(dict[str, str]):
    """Arguments as hypercorn has them."""


LINES: Mapping[str, tuple[str, object]] = {
    "gunicorn.access": ("%(U)s %(q)s", Atoms(U="/a", q="?token=abc")),
    "hypercorn.access": ("%(R)s", Atoms(R="GET /a?token=abc HTTP/1.1")),
    "granian.access": ("GET /a?token=abc", ()),
    "httpx": ("HTTP Request: %s %s", ("GET", httpx.URL("http://u:abc@host/x?key=abc"))),
}


HIDDEN_BY_ANY = (HIDDEN, "?REDACTED")
"""What stands for a secret: huggingface_hub, where it is imported, hides those of httpx first."""


@pytest.mark.parametrize("name", LINES)
def test_lines_of_other_servers_and_of_our_own_client(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    hide_secrets_of_requests()
    template, arguments = LINES[name]
    with caplog.at_level(logging.INFO, name):
        if isinstance(arguments, tuple):
            logging.getLogger(name).info(template, *arguments)
        else:
            logging.getLogger(name).info(template, arguments)
    assert "abc" not in caplog.messages[0]
    assert any(sign in caplog.messages[0] for sign in HIDDEN_BY_ANY)
