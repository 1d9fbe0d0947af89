"""What the parts of a Redis store that write threads work with."""

from __future__ import annotations

from typing import NamedTuple

from agui_runtime.stores.redis.index import Index
from agui_runtime.stores.redis.limits import RedisLimits
from agui_runtime.stores.redis.queues import Queues
from agui_runtime.stores.redis.script import Script


class RedisParts(NamedTuple):
    """Of one process; `inbox` is the channel on which others ask its runs to stop."""

    script: Script
    thread_index: Index
    queues: Queues
    limits: RedisLimits
    inbox: str
