"""Which store a URL names. A new kind of store is one more row in the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import TypeAlias

from agui_runtime.core.errors import Misconfigured, StoreFull, StoreUnavailable
from agui_runtime.stores.base import Examinable, Store

Loader: TypeAlias = Callable[[str], Store]


def open_store(url: str) -> Store:
    """The store that the URL names, not connected yet.

    Raises Misconfigured for a URL that names none, and MissingExtra, with the command that installs
    it, where a store's packages are missing.
    """
    scheme, colon, _ = url.partition(":")
    loader = _LOADERS.get(scheme.lower()) if colon else None
    if loader is None or not (loader is _memory or url[len(scheme) :].startswith("://")):
        # The URL itself may hold a password.
        starts = f"the URL of a store starts with one of {', '.join(SCHEMES)}"
        raise Misconfigured(f"{starts}{_meant(url, scheme.lower())}")
    return loader(url)


def _meant(url: str, scheme: str) -> str:
    if PurePath(url).suffix in _FILES and ":" not in url:
        return f"; did you mean sqlite:///{url}?"
    known = scheme.partition("+")[0]  # as libraries name their drivers, postgresql+asyncpg
    return f"; did you mean {_start(known)}?" if known in _LOADERS else ""


def _start(scheme: str) -> str:
    return "memory:" if scheme == "memory" else f"{scheme}://"


_FILES = frozenset({".db", ".sqlite", ".sqlite3"})


def _memory(url: str) -> Store:
    from agui_runtime.stores.memory import MemoryStore

    if url.partition(":")[2] not in {"", "//"}:
        raise Misconfigured("the memory store is named memory: with nothing after it")
    return MemoryStore()


def _redis(url: str) -> Store:
    from agui_runtime.stores.redis import RedisStore  # an extra: only when it is named

    return RedisStore(url)


def _sqlite(url: str) -> Store:
    from agui_runtime.stores.sql import SqliteStore

    return SqliteStore(url)


def _postgres(url: str) -> Store:
    from agui_runtime.stores.sql.postgres import PostgresStore  # an extra: only when it is named

    return PostgresStore(url)


_LOADERS: Mapping[str, Loader] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "postgresql": _postgres,
    "postgres": _postgres,
    "redis": _redis,
    "rediss": _redis,
    "unix": _redis,
    "redis+sentinel": _redis,
    "rediss+sentinel": _redis,
}

SCHEMES = tuple(map(_start, _LOADERS))
"""How the URL of a store may start, as errors and documents name it."""


def unavailable_at(store: object, error: StoreUnavailable) -> StoreUnavailable:
    """The same for whoever starts a server: where the store is, and what to do."""
    where = store.where if isinstance(store, Examinable) else type(store).__name__
    reason = error.message.removesuffix("; try again later")
    advice = "; start it, or correct its URL" if reason != error.message else ""
    if isinstance(error, StoreFull):
        advice = "; make room"
    return StoreUnavailable(f"{where}: {reason}{advice}")
