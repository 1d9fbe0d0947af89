"""`/readyz` of a server whose store can be read and not written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TypeAlias

import pytest

from agui_runtime import CopilotRuntime, create_app
from tests.runtime.worlds import Scripted, text
from tests.stores.conftest import redis as redis
from tests.stores.mounts import mounted
from tests.stores.servers import RedisServer
from tests.support import client_of
from tests.wires.agui.serving import run_body

Filling: TypeAlias = Callable[[bool], None]
"""Leaves the store no room, or gives it back."""


@contextmanager
def full_redis(redis: RedisServer, folder: Path) -> Iterator[tuple[str, Filling]]:
    def fill(full: bool) -> None:
        redis.command("CONFIG", "SET", "maxmemory", "1" if full else "0")

    try:
        yield redis.url, fill
    finally:
        fill(False)


@contextmanager
def full_disk(redis: RedisServer, folder: Path) -> Iterator[tuple[str, Filling]]:
    with mounted(folder / "small", "tmpfs", "size=16m") as small:
        ballast = small / "ballast"

        def fill(full: bool) -> None:
            if not full:
                ballast.unlink()
                return
            with ballast.open("wb", buffering=0) as file, pytest.raises(OSError):
                while True:
                    file.write(bytes(1000))

        yield f"sqlite:///{small}/threads.db", fill


@pytest.mark.parametrize("store", [full_redis, full_disk])
async def test_a_store_that_takes_no_run_makes_the_server_unready_until_it_does(
    store: Callable[..., AbstractContextManager[tuple[str, Filling]]],
    redis: RedisServer,
    tmp_path: Path,
) -> None:
    agent = Scripted(*text("m1", "word " * 200_000))
    with store(redis, tmp_path) as (url, fill):
        async with client_of(create_app(CopilotRuntime({"default": agent}, store=url))) as client:
            before = await client.get("/readyz")
            fill(True)
            statuses: list[int] = []
            while 503 not in statuses:
                body = run_body(thread=f"t{len(statuses)}", run=f"r{len(statuses)}")
                answer = await client.post("/copilotkit/agent/default/run", json=body)
                statuses.append(answer.status_code)
            during = [await client.get("/readyz") for _ in range(2)]
            fill(False)
            while (await client.get("/readyz")).status_code != 200:
                pass  # SQLite looks for room once a second
            again = await client.post("/copilotkit/agent/default/run", json=run_body(thread="t"))
    assert (before.status_code, again.status_code) == (200, 200)
    for each in during:
        says = {"error": "STORE_UNAVAILABLE", "message": "the store is full; try again later"}
        assert (each.status_code, each.json()) == (503, says)
