"""What `check` says of the keys that open what is remembered of users."""

from __future__ import annotations

from agui_runtime.commands.findings import Finding
from agui_runtime.core.errors import AguiError, Misconfigured
from agui_runtime.core.key_ring import KeyRing
from agui_runtime.memories.master_keys import MasterKeys, wrapping
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.memories.ring import InFile, ring_for
from agui_runtime.memories.sealing import Names
from agui_runtime.stores.base import Store
from agui_runtime.stores.layers.delegating import sealed_rows_of


async def memory_finding(store: Store, keys: KeyRing | MasterKeys | None) -> Finding:
    """Whether they open what is in the store, which is open. Nothing is written."""
    try:
        rows = sealed_rows_of(store)
        is_new = await rows.key(Names.OWNER) is None
        if is_new and keys is None and isinstance(store, InFile):
            return Finding("memory", "the first start makes its key, in a file beside the store")
        if keys is None:
            keys = ring_for(store, None, may_make=False)
        await Notebooks(rows, wrapping(keys)).check()
    except Misconfigured as error:
        return Finding("memory", error.message, "wrong")
    except AguiError as error:
        return Finding("memory", f"agents go on without it: {error.message}", "wrong")
    return Finding("memory", "nothing is there yet" if is_new else "the keys open it")
