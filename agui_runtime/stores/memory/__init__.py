"""The store of one process: dicts and lists, bounded by threads, runs, bytes and age.

Nothing here survives a restart; every promise of `stores.base` holds until then.
"""

from agui_runtime.stores.memory.store import MemoryStore
from agui_runtime.stores.memory.thread_table import MemoryLimits

__all__ = ["MemoryLimits", "MemoryStore"]
