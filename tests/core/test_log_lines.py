"""Lines that name the request and the run that they are about."""

from __future__ import annotations

import asyncio
import logging
import re
from contextvars import Context, copy_context

import pytest

from agui_runtime.core.events import RunInfo
from agui_runtime.core.log_lines import logger_of, write_about
from agui_runtime.core.secrets import redact

LINES = [
    (("plain",), "plain"),
    (("100% sure",), "100% sure"),
    (("%s of %d", "part", 2), "part of 2"),
    (("%(name)s failed", {"name": "it"}), "it failed"),
]


@pytest.mark.parametrize(("arguments", "line"), LINES)
def test_a_line_begins_with_its_subject(
    arguments: tuple[str, *tuple[object, ...]], line: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = RunInfo("t%s", "r1", "default", "ann", 0.0)

    def write() -> None:
        write_about("q1")
        logger_of("one").warning(*arguments)
        write_about("q1", run)
        logger_of("one").warning(*arguments)

    copy_context().run(write)
    Context().run(logger_of("one").warning, *arguments)
    assert [each.getMessage() for each in caplog.records] == [
        f"request q1: {line}",
        f"request q1 thread t%s run r1: {line}",
        line,
    ]


@pytest.mark.parametrize("level", [logging.WARNING, logging.DEBUG])
def test_nothing_forges_a_line_or_moves_a_cursor(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    forged = "bad\r\nINFO: forged\x1b[2J\x9b2J\x07\u2028\u202e"
    logger = logger_of("forged")
    with caplog.at_level(level, "forged"):
        logger.warning("%s failed", forged)
        logger.warning("it failed", exc_info=raised(ValueError(forged)))
    for record in caplog.records:
        text = logging.Formatter().format(record)
        assert "INFO: forged" in text
        assert not set("\r\x1b\x9b\x07\u202e") & set(text)
        assert len(record.getMessage().splitlines()) == 1
        assert len(text.splitlines()) == 1 or level == logging.DEBUG  # which has tracebacks


def test_lines_of_one_place_have_one_template(caplog: pytest.LogCaptureFixture) -> None:
    def write(request: str) -> None:
        write_about(request)
        logger_of("one").warning("%s failed", request)

    for request in ("q1", "q2"):
        copy_context().run(write, request)
    assert {each.msg for each in caplog.records} == {"%s: %s failed"}


async def test_requests_at_once_do_not_mix(caplog: pytest.LogCaptureFixture) -> None:
    async def served(request: str) -> None:
        write_about(request)
        await asyncio.sleep(0)
        await asyncio.create_task(deeper(request))

    async def deeper(request: str) -> None:
        await asyncio.to_thread(logger_of("one").error, "of %s", request)

    await asyncio.gather(*(served(f"q{number}") for number in range(5)))
    assert {each.getMessage() for each in caplog.records} == {
        f"request q{number}: of q{number}" for number in range(5)
    }


def test_a_logger_is_that_of_the_standard_library() -> None:
    assert logger_of("one") is logging.getLogger("one")
    filters = list(logger_of("one").filters)
    assert logger_of("one").filters == filters


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as caught:  # noqa: BLE001  # to have a traceback
        return caught


def test_an_exception_is_part_of_the_line_without_keys_or_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = raised(RuntimeError("boom with sk-veryverysecretkey0123456789\nand a line"))
    logger_of("one").warning("it failed: %s", "so", exc_info=error)
    [record] = caplog.records
    assert record.exc_info is None
    text = r"it failed: so \(RuntimeError: boom with \S+ and a line, at \S+test_log_lines\.py:\d+\)"
    assert re.fullmatch(text, record.getMessage())
    assert "secret" not in record.getMessage()


def test_at_debug_level_there_is_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "one"):
        logger_of("one").warning("it failed", exc_info=raised(RuntimeError("boom")))
    assert "Traceback" in caplog.text


def test_the_only_error_of_a_group_is_named_and_not_the_group(
    caplog: pytest.LogCaptureFixture,
) -> None:
    inner = raised(OSError("no such file"))
    group = ExceptionGroup("unhandled errors in a TaskGroup", [inner])
    logger_of("one").warning("it failed", exc_info=group)
    assert "OSError: no such file" in caplog.text
    assert "TaskGroup" not in caplog.text


KEY = "sk-veryverysecretkey0123456789"


@pytest.mark.parametrize("words", [f"boom {KEY}", f"boom\n    of redis://u:{KEY}@host/0"])
def test_a_traceback_has_no_keys_and_all_places(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger = logger_of("traced")
    with caplog.at_level(logging.DEBUG, "traced"):
        try:
            raise ExceptionGroup("several", [RuntimeError(words)]) from ValueError(words)
        except ExceptionGroup:
            logger.exception("failed")
    assert KEY not in caplog.text
    assert "boom" in caplog.text
    assert 'raise ExceptionGroup("several"' in caplog.text
    assert 'test_log_lines.py", line' in caplog.text


def test_a_word_without_end_is_looked_through_at_once() -> None:
    """From each of its letters to its end it would take minutes."""
    assert len(redact("x" * 90_000)) == 300
