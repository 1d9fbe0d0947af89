"""Bells in PostgreSQL where there is something between."""

from __future__ import annotations

import pytest

from agui_runtime.queues.base import QueueUnavailable
from agui_runtime.queues.open import open_queue
from agui_runtime.stores.sql.postgres import news
from tests.queues.places import InPostgres, working
from tests.stores.pooler import PgBouncer
from tests.stores.postgres_server import PostgresServer
from tests.stores.test_pooler import pooler as pooler


@pytest.mark.parametrize("listens", [True, False])
async def test_bells_ring_through_a_pooler(
    pooler: PgBouncer,
    postgres: PostgresServer,
    listens: bool,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(news, "PULSE", 0.3 if not listens else news.PULSE)
    url = f"{pooler.url}&listen={postgres.url()}" if listens else pooler.url
    queue = open_queue(url)
    await queue.open()
    async with working(InPostgres(postgres), queue, ["default"]) as worker:
        for _ in range(2):
            looks = worker.looks
            await queue.ring("default")
            await worker.looked(looks + 1)
    await queue.close()
    assert ("names the server itself" in caplog.text) is not listens


async def test_a_database_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    postgres.database()
    queue = open_queue(postgres.url("nowhere"))
    with pytest.raises(QueueUnavailable, match="user, password or database"):
        await queue.open()
    await queue.close()


async def test_a_password_is_not_part_of_where_it_is() -> None:
    assert open_queue("postgresql://ann:s3cret@db/agui").where == "postgresql://db:5432/agui"
