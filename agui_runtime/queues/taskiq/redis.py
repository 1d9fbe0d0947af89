"""Taskiq's brokers over Redis streams: of one server, of the master that sentinels name, or of a
cluster. A stream for each queue, read by one group, in which a worker takes a bell at a time.
"""

from __future__ import annotations

from typing import Any

from redis.exceptions import AuthenticationError, NoPermissionError
from taskiq import AsyncBroker
from taskiq_redis import RedisStreamBroker, RedisStreamClusterBroker

from agui_runtime.stores.redis.address import RedisAddress

CONNECTIONS = 3
"""Of a broker: one that listens, and those that ring or acknowledge."""

PATIENCE = 3.0
"""Seconds of waiting for one of these."""

BELLS = 1000
"""About so many stay in a stream. Older ones are lost, which does no harm: workers look."""

BLOCK = 2000
"""Milliseconds after which a listener asks again; less than the time limit of its connection."""

NOWHERE = "redis://127.0.0.1"
"""Taskiq's brokers want a URL; the clients that they use are put in their place."""

REFUSALS = (AuthenticationError, NoPermissionError)
"""What the server says to a user who may not."""

STREAM: dict[str, Any] = {
    "consumer_group_name": "workers",
    # All have one name, as each takes what it acknowledges: names of their own would stay for ever.
    "consumer_name": "worker",
    "consumer_id": "0",  # else what was rung before the first worker came would not be heard
    "maxlen": BELLS,
    "xread_block": BLOCK,
}


class RedisBrokers:
    """Makes brokers; raises Misconfigured for a URL that cannot be meant."""

    def __init__(self, url: str, prefix: str) -> None:
        self._url = url
        self._prefix = prefix
        self._is_cluster: bool | None = None
        RedisAddress(url).single(CONNECTIONS, PATIENCE)
        self.where = RedisAddress(url).where

    async def broker(self, queue: str) -> AsyncBroker:
        """Not started yet; raises what redis-py raises."""
        stream = f"{self._prefix}:bells:{queue}"
        if self._is_cluster is None:
            self._is_cluster = await self._examined()
        return _OfCluster(self._url, stream) if self._is_cluster else _OfServer(self._url, stream)

    async def _examined(self) -> bool:
        address = RedisAddress(self._url)
        client = address.single(CONNECTIONS, PATIENCE)
        try:
            about = await client.info("cluster")
        finally:
            await client.aclose()
            await address.close()
        return bool(about.get("cluster_enabled"))


class _OfServer(RedisStreamBroker):
    """Over the clients of a URL that may name sentinels."""

    def __init__(self, url: str, stream: str) -> None:
        super().__init__(NOWHERE, stream, xread_count=1, unacknowledged_lock_timeout=5.0, **STREAM)
        self._address = RedisAddress(url)
        self._client = self._address.single(CONNECTIONS, PATIENCE)
        self.connection_pool = self._client.connection_pool  # type: ignore[assignment]  # sentinels

    async def shutdown(self) -> None:
        await super().shutdown()
        await self._client.aclose()
        await self._address.close()


class _OfCluster(RedisStreamClusterBroker):
    """Over the nodes that the URL's server knows."""

    def __init__(self, url: str, stream: str) -> None:
        super().__init__(NOWHERE, stream, **STREAM)
        self.redis = RedisAddress(url).cluster(CONNECTIONS)
