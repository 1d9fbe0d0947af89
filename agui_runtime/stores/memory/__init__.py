"""The store of one process: dicts and lists, bounded by threads, runs, bytes and age.

Nothing here survives a restart; every promise of `stores.base` holds until then.
"""

from agui_runtime.stores.memory.shelf import MemoryLimits
from agui_runtime.stores.memory.store import MemoryStore

__all__ = ["MemoryLimits", "MemoryStore"]
