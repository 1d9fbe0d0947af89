"""The story that all connectors tell, through every wire and over each kind of store: it adds up to
the same conversation, and each client has of it what its protocol has a form for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from agui_runtime.stores.base import Store
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.sql import SqliteStore
from tests.connectors.story import CHAPTERS, EXPECTED
from tests.stores.conftest import redis as redis
from tests.stores.databases import WHOLE
from tests.stores.servers import RedisServer
from tests.wires.visitors.wires import CANNOT, CLIENTS, visitor_of

STORES = ("memory", "sqlite", "redis")
TOLD = [
    (wire, chapter, STORES[(first + second) % len(STORES)])
    for first, wire in enumerate(CLIENTS)
    for second, chapter in enumerate(CHAPTERS)
    if (wire, chapter) not in CANNOT
]
"""Each wire and each chapter meets each store, though not all three each other."""


@pytest.mark.parametrize(("wire", "chapter", "store"), TOLD)
async def test_the_story_is_the_same(
    wire: str, chapter: str, store: str, redis: RedisServer, tmp_path: Path
) -> None:
    made: dict[str, Callable[[], Store]] = {
        "memory": MemoryStore,
        "sqlite": lambda: SqliteStore(f"sqlite:///{tmp_path}/threads.db", WHOLE),
        "redis": lambda: RedisStore(redis.url, prefix=uuid4().hex),
    }
    async with visitor_of(wire, made[store]()) as visitor:
        assert await CHAPTERS[chapter](visitor) == EXPECTED[chapter]
