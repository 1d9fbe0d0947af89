"""What in the set-up of a Redis may lose threads, or refuse to write them."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from agui_runtime.stores.redis.server import Server
from agui_runtime.stores.shared.clocks import clock_advice


async def advice_of(server: Server) -> AsyncGenerator[str, None]:
    """A sentence for each such thing; raises StoreUnavailable."""
    persistence, memory = await server.about("persistence"), await server.about("memory")
    if persistence and not persistence.get("aof_enabled"):
        yield (
            "Redis forgets the latest answers when it restarts: set appendonly yes"
            if await server.setting("save")
            else "Redis writes nothing to disk, and forgets all threads when it restarts: set"
            " appendonly yes"
        )
    elif await server.setting("appendfsync") == "no":
        yield "Redis may forget minutes of answers in a power cut: set appendfsync everysec"
    if persistence.get("aof_last_write_status", "ok") != "ok":
        yield "Redis could not write its log: look at its disk and its own log"
    policy = str(memory.get("maxmemory_policy", "noeviction"))
    if memory.get("maxmemory") and policy != "noeviction":
        yield (
            f"Redis throws threads away when it is full ({policy}): set maxmemory-policy noeviction"
        )
    clock = await server.time()
    if clock is not None and (sentence := clock_advice(clock)):
        yield sentence
