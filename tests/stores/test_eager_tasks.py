"""Work that many want at once, also in loops whose tasks begin at once (Python 3.12 and later)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ConnectionError as ConnectionFailed

from agui_runtime.stores.redis.pipe import Pipe
from agui_runtime.stores.shared.gathering import Gathering

EAGER = getattr(asyncio, "eager_task_factory", None)


@pytest.fixture(params=[None, EAGER] if EAGER else [None])
async def factory(request: pytest.FixtureRequest) -> AsyncIterator[None]:
    asyncio.get_running_loop().set_task_factory(request.param)
    yield
    asyncio.get_running_loop().set_task_factory(None)


@pytest.mark.usefixtures("factory")
async def test_each_is_given_what_came_of_its_own() -> None:
    calls: list[Sequence[int]] = []

    async def doubled(numbers: Sequence[int]) -> Sequence[int]:
        calls.append(numbers)
        await asyncio.sleep(0)
        return [2 * each for each in numbers]

    gathering = Gathering(doubled)
    assert await asyncio.gather(*map(gathering.put, range(5))) == [0, 2, 4, 6, 8]
    assert await gathering.put(5) == 10
    assert [each for call in calls for each in call] == [0, 1, 2, 3, 4, 5]


@pytest.mark.usefixtures("factory")
async def test_a_connection_that_fails_at_once_is_tried_again_by_the_next_command() -> None:
    dialled = 0

    def dial() -> AbstractConnection:
        nonlocal dialled
        dialled += 1
        raise ConnectionFailed

    pipe = Pipe(dial, timeout=5)
    for number in range(1, 3):
        with pytest.raises(ConnectionFailed):
            await pipe.ask(["PING"])
        assert dialled == number
