"""`SealedRows` for all processes over one database: a row for each, and for each owner."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from functools import partial

from agui_runtime.core.errors import Conflict
from agui_runtime.stores.sealed_rows import DELETED, NO_ROWS, Known, StoredRows
from agui_runtime.stores.sql.backend import Backend
from agui_runtime.stores.sql.step import Step, Together

OWNERS = 500
"""So many are read at a time."""

OWNER = "select wrapped_key, version from agui_sealed_owner where id = :owner"
CHANGED = "select id, body from agui_sealed_row where owner = :owner and version > :after"
BEGIN = (
    "insert into agui_sealed_owner (id, wrapped_key, version) values (:owner, :key, 1)"
    " on conflict (id) do nothing returning version"
)
COUNT = (
    "update agui_sealed_owner set version = version + 1"
    " where id = :owner and wrapped_key = :key and version = :version returning version"
)
PUT = (
    "insert into agui_sealed_row (owner, id, version, written, body)"
    " values (:owner, :id, :version, {now}, :body) on conflict (owner, id)"
    " do update set version = excluded.version, written = excluded.written, body = excluded.body"
)
REWRAP = (
    "update agui_sealed_owner set wrapped_key = :new"
    " where id = :owner and wrapped_key = :old returning version"
)
FORGET = (
    "delete from agui_sealed_owner where id = :owner",
    "delete from agui_sealed_row where owner = :owner",
)
FORGET_DELETIONS = (
    "delete from agui_sealed_row where body is null"
    " and written <= {now} - cast(:seconds as double precision)"
)
ALL = "select id from agui_sealed_owner where id > :after order by id limit :limit"


class SqlSealedRows:
    """Whoever writes counts the owner's version up, which one of those who read the same can."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def read(self, owner: str, known: Known | None = None) -> StoredRows:
        return await self._backend.read(partial(_read, owner, known))

    async def key(self, owner: str) -> bytes | None:
        return await self._backend.read(partial(_key, owner))

    async def write(self, owner: str, known: Known, rows: Mapping[str, bytes | None]) -> int:
        return await self._backend.write(partial(_write, owner, known, rows))

    async def rewrap(self, owner: str, old: bytes, new: bytes) -> bool:
        return await self._backend.change(partial(_rewrap, owner, old, new))

    async def forget(self, owner: str) -> None:
        await self._backend.write_urgently(partial(_forget, owner))

    async def owners(self) -> AsyncGenerator[str, None]:
        after = ""
        while True:
            found = await self._backend.look(partial(_owners, after))
            for owner in found:
                yield owner
            if len(found) < OWNERS:
                return
            after = found[-1]


def forget_deletions() -> Step[None]:
    """Delete what stands for rows that were deleted long enough ago."""
    yield FORGET_DELETIONS, {"seconds": DELETED}


def _read(owner: str, known: Known | None) -> Step[StoredRows]:
    found = yield OWNER, {"owner": owner}
    if not found:
        return NO_ROWS
    key, version = bytes(found[0]["wrapped_key"]), int(found[0]["version"])
    after = known.version if known is not None and known.key == key else 0
    if after == version:
        return StoredRows(key, version, {})
    rows = yield CHANGED, {"owner": owner, "after": after}
    return StoredRows(key, version, {row["id"]: _body(row["body"]) for row in rows})


def _key(owner: str) -> Step[bytes | None]:
    found = yield OWNER, {"owner": owner}
    return bytes(found[0]["wrapped_key"]) if found else None


def _body(found: bytes | None) -> bytes | None:
    return None if found is None else bytes(found)


def _write(owner: str, known: Known, rows: Mapping[str, bytes | None]) -> Step[int]:
    at = {"owner": owner, "key": known.key}
    if known.version:
        counted = yield COUNT, {**at, "version": known.version}
    else:
        counted = yield BEGIN, at
    if not counted:
        found = yield OWNER, {"owner": owner}
        raise Conflict(int(found[0]["version"]) if found else 0)
    version = int(counted[0]["version"])
    values = {"owner": owner, "version": version}
    if rows:
        yield Together([(PUT, {**values, "id": id_, "body": body}) for id_, body in rows.items()])
    return version


def _rewrap(owner: str, old: bytes, new: bytes) -> Step[bool]:
    return bool((yield REWRAP, {"owner": owner, "old": old, "new": new}))


def _forget(owner: str) -> Step[None]:
    for statement in FORGET:
        yield statement, {"owner": owner}


def _owners(after: str) -> Step[list[str]]:
    return [row["id"] for row in (yield ALL, {"after": after, "limit": OWNERS})]
