"""A Redis server for the share of the requests that goes to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stores.servers import RedisServer


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()
