"""What `bench scale` measures: the words of `stores_app`, over a store that compacts runs soon, so
that what that costs is within what is measured.
"""

from __future__ import annotations

import os

from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.stores.base import Store
from agui_runtime.stores.redis import RedisLimits, RedisStore
from agui_runtime.stores.sql.limits import SqlLimits
from agui_runtime.stores.sql.postgres import PostgresStore
from bench.stores_app import talk

COMPACTED = 10.0
"""Seconds from the end of a run."""


def _store(url: str) -> Store:
    if url.startswith("redis:"):
        return RedisStore(url, RedisLimits(compact_after=COMPACTED))
    return PostgresStore(url, SqlLimits(compact_after=COMPACTED))


runtime = CopilotRuntime({"default": talk}, store=_store(os.environ["BENCH_STORE"]))
