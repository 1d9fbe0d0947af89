"""The stores of what is served, looked at before anything listens."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agui_runtime.commands.thread_files import make_folder
from agui_runtime.core.errors import Misconfigured, StoreUnavailable
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from agui_runtime.stores.base import Examinable
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import unavailable_at
from agui_runtime.stores.sql import SqliteStore


def examine_stores(runtimes: Sequence[CopilotRuntime], settings: Settings) -> None:
    """Raises Misconfigured and StoreUnavailable for a store that cannot be used."""
    stores = [undelegated(runtime.store) for runtime in runtimes]
    if settings.store is None and any(isinstance(store, SqliteStore) for store in stores):
        make_folder(settings)
    with _silent():
        for store in stores:
            if isinstance(store, Examinable):
                _examine(store, settings)


def _examine(store: Examinable, settings: Settings) -> None:
    try:
        if settings.db_upgrade:
            store.upgrade()
        store.examine()
    except StoreUnavailable as error:
        raise unavailable_at(store, error) from error


@contextmanager
def _silent() -> Iterator[None]:
    """What stores write of a failure is said once, by whoever started the server."""
    stores = logging.getLogger("agui_runtime.stores")
    level = stores.level
    stores.setLevel(logging.ERROR)
    try:
        yield
    finally:
        stores.setLevel(level)


def check_shared(runtimes: Sequence[CopilotRuntime], processes: int) -> None:
    """Raises Misconfigured for threads that each of several processes would have for itself."""
    stores = [undelegated(runtime.store) for runtime in runtimes]
    if processes > 1 and any(isinstance(store, MemoryStore) for store in stores):
        raise Misconfigured(
            f"{processes} processes need a store that they share, and threads are in memory: set"
            " AGUI_STORE to sqlite:///threads.db, postgresql://... or redis://..., or serve with"
            " --processes 1"
        )


def described(runtime: CopilotRuntime) -> str:
    """Where a runtime's threads are, for whoever starts the server."""
    store = undelegated(runtime.store)
    if isinstance(store, MemoryStore):
        return "in memory, until this process ends"
    return store.where if isinstance(store, Examinable) else type(store).__name__
