"""A URL names a queue: which ones there are, and what is wrong with a URL that names none."""

from __future__ import annotations

import pytest

from agui_runtime.core.errors import Misconfigured
from agui_runtime.queues.open import SCHEMES, open_queue
from agui_runtime.queues.postgres import PostgresQueue
from agui_runtime.queues.taskiq import TaskiqQueue


@pytest.mark.parametrize(
    ("url", "kind", "where"),
    [
        ("redis://127.0.0.1/0", TaskiqQueue, "redis://127.0.0.1/0"),
        ("rediss://ann:s3cret@cache:6380", TaskiqQueue, "rediss://cache:6380"),
        ("unix:///run/redis.sock?prefix=team", TaskiqQueue, "unix:///run/redis.sock"),
        ("redis+sentinel://one:26379,two/main", TaskiqQueue, "redis+sentinel://one:26379,two/main"),
        ("Redis://127.0.0.1/0?prefix=team&db=2", TaskiqQueue, "redis://127.0.0.1/0"),
        ("postgres://ann:s3cret@db/agui?prefix=team", PostgresQueue, "postgresql://db:5432/agui"),
        ("postgresql://db/agui?sslmode=require", PostgresQueue, "postgresql://db:5432/agui"),
    ],
)
async def test_a_url_names_a_queue(url: str, kind: type, where: str) -> None:
    queue = open_queue(url)
    assert isinstance(queue, kind)
    assert queue.where == where


@pytest.mark.parametrize(
    "url",
    ["", "localhost:6379", "memory:", "sqlite:///threads.db", "amqp://ann:s3cret@rabbit", "redis"],
)
def test_a_url_that_names_no_queue_is_refused_with_those_that_there_are(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_queue(url)
    assert all(scheme in refusal.value.message for scheme in SCHEMES)
    assert "s3cret" not in refusal.value.message


@pytest.mark.parametrize(
    "url",
    [
        "redis://ann:s3/cret@cache/0",
        "redis://ann:s3cret@cache:port/0",
        "redis://cache/0?nonsense=s3cret",
        "redis://cache/0?prefix=a&prefix=b",
        "redis://cache/0?prefix=two words",
        "redis://cache/0?prefix=",
        "postgresql://ann:s3/cret@db/agui",
        "postgresql://db/agui?nonsense=s3cret",
    ],
)
def test_a_url_that_cannot_be_meant_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_queue(url)
    assert "s3" not in refusal.value.message
