"""A server that stays away is one line a minute, however often it is tried again."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from redis.asyncio.connection import AbstractConnection

from agui_runtime.stores.redis import subscriber
from agui_runtime.stores.redis.subscriber import RedisSubscriber
from agui_runtime.stores.shared import outage
from agui_runtime.stores.shared.outage import Outage
from agui_runtime.stores.shared.tails import Tails
from agui_runtime.stores.sql.postgres import news
from agui_runtime.stores.sql.postgres.news import PostgresSubscriber


class Away:
    """A server that nobody reaches."""

    def __init__(self) -> None:
        self.tries = 0
        self.often = asyncio.Event()

    def dial(self) -> AbstractConnection:
        self.tries += 1
        if self.tries == 5:
            self.often.set()
        raise OSError("connection refused")

    async def dial_later(self) -> Any:  # noqa: ANN401  # it returns nothing
        self.dial()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


async def test_redis_that_is_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(subscriber, "RETRY_AFTER", 0)
    away = Away()
    listening = RedisSubscriber(away.dial, Tails(), "inbox", lambda payload: None)
    listening.start()
    await away.often.wait()
    await listening.close()
    assert lines(caplog) == ["Redis: listening again: connection refused"]


async def test_postgresql_that_is_away_is_one_line(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(news, "RETRY_AFTER", 0)
    monkeypatch.setattr(news, "PULSE", 0)
    away = Away()
    listening = PostgresSubscriber(away.dial_later, lambda payload: asyncio.sleep(0))
    await listening.start(lambda payload: None, lambda: None)
    await away.often.wait()
    await listening.close()
    assert lines(caplog) == ["PostgreSQL: listening again: connection refused"]


def test_a_minute_later_the_next_line_says_how_often(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1000.0]
    monkeypatch.setattr(outage, "monotonic", lambda: now[0])
    away = Outage(logging.getLogger("test"))
    for _ in range(3):
        away.warn("trying again", OSError("refused"))
    now[0] += outage.EVERY
    away.warn("trying again", OSError("refused"))
    assert lines(caplog) == [
        "trying again: refused",
        "trying again: refused (2 more since the last line)",
    ]
