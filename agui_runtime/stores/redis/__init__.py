"""The store of many replicas: threads in Redis >= 6.2, Valkey or a Redis Cluster, shared by all.

What one thread keeps is changed by one script, in one step; nothing here coordinates beside Redis.
"""

from agui_runtime.core.errors import MissingExtra

try:
    from agui_runtime.stores.redis.store import RedisLimits, RedisStore
except ModuleNotFoundError as error:  # pragma: no cover - needs an installation without redis
    if error.name != "redis":
        raise
    raise MissingExtra("the Redis store", "redis") from None

__all__ = ["RedisLimits", "RedisStore"]
