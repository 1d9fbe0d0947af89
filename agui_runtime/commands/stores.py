"""The stores of what is served, looked at before anything listens."""

from __future__ import annotations

from collections.abc import Sequence

from agui_runtime.commands.thread_files import make_folder
from agui_runtime.core.errors import Misconfigured
from agui_runtime.runtime.runtime import CopilotRuntime
from agui_runtime.settings import Settings
from agui_runtime.stores.base import Examinable
from agui_runtime.stores.layers.delegating import undelegated
from agui_runtime.stores.memory import MemoryStore


def examine_stores(runtimes: Sequence[CopilotRuntime], settings: Settings) -> None:
    """Raises Misconfigured and StoreUnavailable for a store that cannot be used."""
    stores = [undelegated(runtime.store) for runtime in runtimes]
    if settings.store is None and any(isinstance(store, Examinable) for store in stores):
        make_folder(settings)
    for store in stores:
        if isinstance(store, Examinable):
            if settings.db_upgrade:
                store.upgrade()
            store.examine()


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
