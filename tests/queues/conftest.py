"""Each kind of queue, with the servers of the stores' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from agui_runtime.queues.base import RunQueue
from tests.queues.places import FarPlace, Here, InPostgres, InRedis, Place
from tests.stores.conftest import postgres as postgres, redis as redis


@pytest.fixture(params=["here", "redis", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    return Here() if request.param == "here" else _on_a_server(request)


@pytest.fixture(params=["redis", "postgres"])
def far_place(request: pytest.FixtureRequest) -> FarPlace:
    """Those with a server."""
    return _on_a_server(request)


def _on_a_server(request: pytest.FixtureRequest) -> FarPlace:
    server = request.getfixturevalue(request.param)
    if request.param == "postgres":
        return InPostgres(server)
    server.command("FLUSHALL")
    return InRedis(server)


@pytest.fixture
async def queues(request: pytest.FixtureRequest) -> AsyncIterator[Callable[..., RunQueue]]:
    """Makes queues of the test's place, and closes them."""
    where = "place" if "place" in request.fixturenames else "far_place"
    found: Place = request.getfixturevalue(where)
    async with AsyncExitStack() as stack:

        def made(prefix: str = "agui") -> RunQueue:
            queue = found.queue(prefix)
            stack.push_async_callback(queue.close)
            return queue

        yield made
