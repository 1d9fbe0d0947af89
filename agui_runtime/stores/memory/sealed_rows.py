"""`SealedRows` of one process. Each step is synchronous."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field

from agui_runtime.core.errors import Conflict
from agui_runtime.stores.sealed_rows import DELETED, NO_ROWS, Known, StoredRows


@dataclass(slots=True)
class Row:
    """What was put, None once it is deleted; by which change, and when."""

    body: bytes | None
    version: int
    written: float


@dataclass(slots=True)
class Owner:
    key: bytes
    version: int = 0
    rows: dict[str, Row] = field(default_factory=dict)

    def forget_deletions(self, before: float) -> None:
        gone = [id_ for id_, row in self.rows.items() if row.body is None and row.written < before]
        for id_ in gone:
            del self.rows[id_]


class MemorySealedRows:
    """Rows in dicts."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._owners: dict[str, Owner] = {}

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        found = self._owners.get(owner)
        if found is None:
            return NO_ROWS
        after = known.version if known is not None and known.key == found.key else 0
        if after == found.version:
            return StoredRows(found.key, after, {})
        rows = {id_: row.body for id_, row in found.rows.items() if row.version > after}
        return StoredRows(found.key, found.version, rows)

    async def key(self, owner: str) -> bytes | None:
        found = self._owners.get(owner)
        return None if found is None else found.key

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        found = self._owners.get(owner)
        if found is None and known.version == 0:
            found = self._owners[owner] = Owner(known.key)
        if found is None or known != Known(found.key, found.version):
            raise Conflict(found.version if found else 0)
        now = self._clock()
        found.version += 1
        found.rows |= {id_: Row(body, found.version, now) for id_, body in rows.items()}
        found.forget_deletions(now - DELETED)
        return found.version

    async def rewrap(self, owner: str, old: bytes, new: bytes) -> bool:
        found = self._owners.get(owner)
        if found is None or found.key != old:
            return False
        found.key = new
        return True

    async def forget(self, owner: str) -> None:
        self._owners.pop(owner, None)

    async def owners(self) -> AsyncGenerator[str, None]:
        for owner in list(self._owners):
            yield owner
