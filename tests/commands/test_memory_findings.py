"""What `agui-runtime check` says of the keys of a memory."""

from __future__ import annotations

from pathlib import Path

from agui_runtime.commands.memory_findings import memory_finding
from agui_runtime.core.key_ring import KeyRing, new_key
from agui_runtime.memories.master_keys import RingKeys
from agui_runtime.stores.sql import SqliteStore
from tests.commands.test_check import checked
from tests.memories.test_memory import fact, memory_of

APP = """
from agui_runtime import CopilotRuntime, Memory
from agui_runtime.wrappers import with_memory
memory = Memory()
runtime = CopilotRuntime({"default": with_memory(lambda request: [], memory)}, memory=memory)
"""


async def test_a_store_without_its_keys_is_found_before_users_do(tmp_path: Path) -> None:
    (tmp_path / "remembering.py").write_text(APP)
    url, keys = f"sqlite:///{tmp_path}/threads.db", new_key()
    store = SqliteStore(url)
    await store.open()
    finding = await memory_finding(store, None)
    assert (finding.level, (tmp_path / "threads.db.key").exists()) == ("ok", False)
    await memory_of(store, keys).remember("ann", [fact("Has a dog")])
    assert (await memory_finding(store, KeyRing([keys]))).says == "the keys open it"
    assert (await memory_finding(store, None)).level == "wrong"
    for service, level in (keys, "ok"), (new_key(), "wrong"):
        assert (await memory_finding(store, RingKeys(KeyRing([service])))).level == level
    await store.close()
    path = str(tmp_path)
    settings = {"AGUI_APP": "remembering:runtime", "AGUI_STORE": url, "PYTHONPATH": path}
    code, found = await checked(AGUI_KEYS=new_key(), **settings)
    assert code == 2
    [wrong] = found["wrong"]
    assert wrong.startswith("memory: agents go on without it: the keys do not open this memory")
