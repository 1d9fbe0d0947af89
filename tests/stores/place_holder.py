"""A process of its own whose runs are live until it is killed:
`python -m tests.stores.place_holder URL COUNT PREFIX`.

It says `held` when they are; and, given a line, `briefly` when their places are for `LEASE` only.
"""

from __future__ import annotations

import asyncio
import sys

from agui_runtime import CopilotRuntime, Options
from agui_runtime.stores.open import open_store
from agui_runtime.stores.redis import RedisStore
from agui_runtime.stores.redis.places import RedisPlaces
from agui_runtime.stores.sql.places import SqlPlaces
from tests.runtime.worlds import Waiting, asking

LEASE = 1.0


async def main(url: str, count: int, prefix: str) -> None:
    store = RedisStore(url, prefix=prefix) if prefix else open_store(url)
    options = Options(caller_runs=count)
    runtime = CopilotRuntime({"default": Waiting()}, store=store, options=options)
    async with runtime.lifespan():
        for number in range(count):
            await runtime.start(asking(thread=f"held-{number}", run=f"h{number}"))
        say("held")
        await asyncio.to_thread(sys.stdin.readline)
        RedisPlaces.lease = SqlPlaces.lease = LEASE
        await runtime.runs._renew()
        say("briefly")
        await asyncio.Event().wait()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
