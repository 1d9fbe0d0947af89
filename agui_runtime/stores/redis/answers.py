"""Answers to side requests, shared by all replicas: a place for `wrappers.cached` to keep them."""

from __future__ import annotations

from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.core.log_lines import logger_of
from agui_runtime.stores.redis.server import Server

logger = logger_of(__name__)


class RedisAnswers:
    """An AnswerCache over a store's connection; answers go by themselves after `seconds`.

    A server that does not answer costs the cache and no more: the agent is asked instead.
    """

    def __init__(self, server: Server, prefix: str, seconds: float) -> None:
        self._server = server
        self._prefix = prefix
        self._milliseconds = max(1, round(seconds * 1000))

    async def get(self, key: str) -> bytes | None:
        name = self._key(key)
        try:
            found: bytes | None = await self._server.command("read", name, "GET", name)
        except StoreUnavailable:
            return None
        return found

    async def put(self, key: str, answer: bytes) -> None:
        name = self._key(key)
        try:
            await self._server.command("write", name, "SET", name, answer, "PX", self._milliseconds)
        except StoreUnavailable:
            logger.warning("an answer was not cached: the store is away")

    def _key(self, key: str) -> str:
        return f"{self._prefix}:answer:{key}"
