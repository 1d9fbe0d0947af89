"""Log lines as JSON: one object a line, whoever serves the app."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextvars import copy_context
from typing import Any

import httpx
import pytest

from agui_runtime.core.events import RunInfo
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.hooks.telemetry.json_lines import LONGEST, JsonLines
from tests.ports import free_port
from tests.programs import ROOT, environment, finished, started

RUN = RunInfo("t1", "r1", "default", "ann", 0.0)
ASKED: dict[str, Any] = {
    "threadId": "t1",
    "runId": "r1",
    "messages": [],
    "tools": [],
    "context": [],
}


class Lines:
    """What a logger with a handler of its own has written so far."""

    def __init__(self, logger: logging.Logger, stream: io.StringIO) -> None:
        self.logger = logger
        self._stream = stream

    @property
    def last(self) -> dict[str, Any]:
        *_, line = self._stream.getvalue().splitlines()
        found: dict[str, Any] = json.loads(line)
        return found


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, stream = logger_of("tests.json"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    yield Lines(logger, stream)
    logger.removeHandler(handler)


def test_a_line_names_what_it_is_about_in_fields_and_not_in_its_message(lines: Lines) -> None:
    def write() -> None:
        write_about("q1", RUN)
        lines.logger.warning("%s of %d", "part", 2)

    copy_context().run(write)
    written = lines.last
    assert written.pop("time").endswith("+00:00")
    assert written == {
        "level": "warning",
        "logger": "tests.json",
        "process": os.getpid(),
        "message": "part of 2",
        "request": "q1",
        "thread": "t1",
        "run": "r1",
        "agent": "default",
    }


def test_a_request_that_has_no_run_names_itself_only(lines: Lines) -> None:
    def write() -> None:
        write_about("q1")
        lines.logger.warning("100% sure")

    copy_context().run(write)
    assert lines.last["message"] == "100% sure"
    assert lines.last["request"] == "q1"
    assert "run" not in lines.last


def test_a_traceback_is_one_field_of_one_line(lines: Lines) -> None:
    try:
        raise RuntimeError("boom\nand more")
    except RuntimeError:
        lines.logger.exception("it failed")
    assert lines.last["message"] == "it failed"
    assert "RuntimeError: boom\nand more" in lines.last["exception"]


def test_a_long_message_is_cut_and_says_how_long_it_was(lines: Lines) -> None:
    lines.logger.warning("x" * (LONGEST + 1))
    assert len(lines.last["message"]) < LONGEST + 50
    assert lines.last["message"].endswith(f"({LONGEST + 1} characters)")


@pytest.mark.parametrize("text", ["half \ud83d", 'a "quote"\nand a line', "\x1b[31m"])
def test_any_text_is_one_line_of_json(text: str, lines: Lines) -> None:
    lines.logger.warning(text)
    assert isinstance(lines.last["message"], str)


async def test_all_lines_of_serve_are_json_the_banner_too() -> None:
    port = free_port()
    process = await started("serve", "--port", str(port), AGUI_LOG_FORMAT="json")
    assert process.stderr is not None
    written = []
    try:
        while b"running on" not in (line := await process.stderr.readline()):
            written.append(line)
        origin = f"http://127.0.0.1:{port}"
        body = ASKED | {"state": {}, "forwardedProps": {}}
        async with httpx.AsyncClient() as client:
            answer = await client.post(f"{origin}/copilotkit/agent/default/run", json=body)
            assert answer.status_code == 200
    finally:
        process.terminate()
        out, rest = await process.communicate()
    found = [json.loads(line) for line in [*written, *rest.splitlines(), *out.splitlines()]]
    assert any("runtimeUrl" in each["message"] for each in found)
    access = next(each for each in found if each["logger"] == "uvicorn.access")
    assert (access["method"], access["status"]) == ("POST", 200)
    ended = next(each for each in found if each["message"].endswith("default finished"))
    assert (ended["thread"], ended["run"], ended["agent"]) == ("t1", "r1", "default")
    assert ended["request"] == access["request"]


async def test_an_app_under_uvicorn_obeys_too() -> None:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "tests.runs.failing_app:app", "--port", str(port)),
        cwd=ROOT,
        env=environment(AGUI_LOG_FORMAT="json"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        while b"running on" not in await process.stderr.readline():
            pass
        body = ASKED | {"state": {}, "forwardedProps": {}}
        async with httpx.AsyncClient() as client:
            await client.post(f"http://127.0.0.1:{port}/copilotkit/agent/broken/run", json=body)
    finally:
        process.terminate()
        _, rest = await process.communicate()
    found = [json.loads(line) for line in rest.splitlines()]
    failed = next(each for each in found if each["level"] == "warning")
    assert failed["message"].startswith("agent 'broken' failed: AGENT_ERROR")
    assert (failed["thread"], failed["run"], failed["agent"]) == ("t1", "r1", "broken")


async def test_another_format_is_refused() -> None:
    code, _, err = await finished("serve", AGUI_LOG_FORMAT="xml")
    assert code == 2
    assert err == "agui-runtime: AGUI_LOG_FORMAT must be text or json, not 'xml'\n"
