"""`SealedRows` for all processes over one Redis; in a cluster an owner's rows live in one place."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from agui_runtime.core.errors import Conflict
from agui_runtime.stores.redis.codec import Answer
from agui_runtime.stores.redis.script import Lua
from agui_runtime.stores.redis.server import Lane, Server
from agui_runtime.stores.sealed_rows import DELETED, NO_ROWS, Known, StoredRows

PARTS = ("owner", "rows", "changes", "deleted")


class RedisSealedRows:
    """Every step is a script, hence atomic. Owners are plain words: they stand in names of keys."""

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._prefix = f"{prefix}:sealed:"
        self._lua = Lua(server, "sealed_rows.lua")

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        key, version, *changed = await self._step("read", "read", owner, *(known or ("", 0)))
        if key is None:
            return NO_ROWS
        ids, bodies = changed[::2], changed[1::2]
        rows = {id_.decode(): body for id_, body in zip(ids, bodies, strict=True)}
        return StoredRows(key, int(version), rows)

    async def key(self, owner: str) -> bytes | None:
        (key,) = await self._step("read", "key", owner)
        return None if key is None else bytes(key)

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        put = [word for id_, body in rows.items() if body is not None for word in (id_, body)]
        deleted = [id_ for id_, body in rows.items() if body is None]
        words = (*known, DELETED, len(put) // 2, *put, *deleted)
        how, version = await self._step("write", "write", owner, *words)
        if how != b"ok":
            raise Conflict(int(version))
        return int(version)

    async def rewrap(self, owner: str, old: bytes, new: bytes) -> bool:
        return bool(await self._step("write", "rewrap", owner, old, new))

    async def forget(self, owner: str) -> None:
        await self._step("write", "forget", owner)

    async def owners(self) -> AsyncGenerator[str, None]:
        start, end = f"{self._prefix}{{", "}:owner"
        found = {key async for key in self._server.scan(f"{start}*{end}")}  # one may come twice
        for key in found:
            yield key.decode()[len(start) : -len(end)]

    async def _step(self, lane: Lane, step: str, owner: str, *given: str | bytes | float) -> Answer:
        keys = [f"{self._prefix}{{{owner}}}:{part}" for part in PARTS]
        return await self._lua.run(lane, keys, step, *given)
