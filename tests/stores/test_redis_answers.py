"""Answers to side requests that replicas share through Redis."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.wrappers import cached
from tests.connectors.page import Page
from tests.connectors.talk import text
from tests.runtime.worlds import Scripted, text as message
from tests.stores.servers import RedisServer

FINISHED = {"type": "RUN_FINISHED", "threadId": "t", "runId": "r"}


def replica(url: str, prefix: str, agent: Scripted, seconds: float = 300.0) -> CopilotRuntime:
    store = RedisStore(url, RedisLimits(patience=0.1), prefix=prefix)
    return CopilotRuntime({"default": cached(agent, store.answers(seconds))}, store=store)


async def side_request(runtime: CopilotRuntime) -> str:
    return text(await Page(runtime).say("suggest", ephemeral=True))


async def test_what_one_replica_was_told_another_does_not_ask(redis: RedisServer) -> None:
    one, other = Scripted(*message("m1", "Hi"), FINISHED), Scripted()
    prefix = uuid4().hex
    first, second = replica(redis.url, prefix, one), replica(redis.url, prefix, other)
    async with first.lifespan(), second.lifespan():
        answers = [await side_request(first), await side_request(second)]

    assert answers == ["Hi", "Hi"]
    assert other.asked == []
    [key] = redis.keys(f"{prefix}:answer:*")
    assert 0 < redis.command("PTTL", key) <= 300_000


async def test_a_server_that_is_away_costs_the_cache_alone(tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis")
    server.start()
    agent = Scripted(*message("m1", "Hi"), FINISHED)
    runtime = replica(server.url, "p", agent)
    async with runtime.lifespan():
        server.kill()
        assert await side_request(runtime) == "Hi"
    assert len(agent.asked) == 1
