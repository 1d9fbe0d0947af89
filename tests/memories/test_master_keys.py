"""Keys of owners that a service elsewhere wraps: no key of the server's is needed, or made."""

from __future__ import annotations

import asyncio
import os
import secrets
from contextlib import aclosing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agui_runtime import CopilotRuntime
from agui_runtime.core.errors import StoreUnavailable
from agui_runtime.memories import master_keys
from agui_runtime.memories.entries import Entry, MemoryUnreadable, Proposal
from agui_runtime.memories.memory import Memory
from agui_runtime.memories.notebooks import Notebooks
from agui_runtime.stores.layers.delegating import sealed_rows_of
from agui_runtime.stores.memory import MemoryStore
from agui_runtime.stores.open import open_store

FACT = Proposal("core", "Ann", key="name")


class Service:
    """As those of clouds are: it has keys with numbers, and lets none out."""

    def __init__(self) -> None:
        self.keys = [AESGCM(secrets.token_bytes(32))]
        self.fault: Exception | None = None
        self.hangs = False
        self.calls = 0

    async def wrap(self, key: bytes, name: str) -> bytes:
        await self._reach()
        nonce, number = secrets.token_bytes(12), len(self.keys) - 1
        return bytes([number]) + nonce + self.keys[-1].encrypt(nonce, key, name.encode())

    async def unwrap(self, wrapped: bytes, name: str) -> bytes:
        await self._reach()
        if wrapped[0] >= len(self.keys):
            raise MemoryUnreadable("the service has no such key")
        return self.keys[wrapped[0]].decrypt(wrapped[1:13], wrapped[13:], name.encode())

    async def _reach(self) -> None:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.fault is not None:
            raise self.fault


async def names(memory: Memory, owner: str) -> list[str]:
    return [each.text for each in await memory.list(owner) if isinstance(each, Entry)]


def runtime_in(folder: Path, memory: Memory) -> CopilotRuntime:
    store = open_store(f"sqlite:///{folder}/threads.db")
    return CopilotRuntime({"default": lambda request: "hello"}, store=store, memory=memory)


async def test_a_service_wraps_the_keys_of_owners(tmp_path: Path) -> None:
    service, memory = Service(), Memory()
    memory = Memory(keys=service)
    async with runtime_in(tmp_path, memory).lifespan():
        await memory.remember("ann", [FACT])
        service.keys.append(AESGCM(secrets.token_bytes(32)))
        assert await memory.rotate() == 2  # that of ann, and of names
        service.keys[0] = AESGCM(secrets.token_bytes(32))  # the old one is gone
        assert await names(memory, "ann") == ["Ann"]
    again = Memory(keys=service)
    async with runtime_in(tmp_path, again).lifespan():
        assert await names(again, "ann") == ["Ann"]
    assert not any(name.endswith(".key") for name in os.listdir(tmp_path))


@pytest.mark.parametrize("hangs", [False, True])
async def test_a_service_that_fails_is_away_for_a_while(
    tmp_path: Path, hangs: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(master_keys, "PATIENCE", 0.01)
    service = Service()
    memory = Memory(keys=service)
    async with runtime_in(tmp_path, memory).lifespan():
        service.hangs, service.fault = hangs, OSError("connection refused to kms.internal")
        with pytest.raises(StoreUnavailable) as failure:
            await memory.remember("ann", [FACT])
        assert "kms.internal" not in str(failure.value)
        service.hangs, service.fault = False, None
        await memory.remember("ann", [FACT])
        assert await names(memory, "ann") == ["Ann"]


async def test_a_service_is_called_when_a_memory_begins_and_not_for_owners_without_one(
    tmp_path: Path,
) -> None:
    service = Service()
    memory = Memory(keys=service)
    async with runtime_in(tmp_path, memory).lifespan():
        assert await names(memory, "ann") == []
        before = service.calls
        for _ in range(10):
            assert await names(memory, "bob") == []
        assert service.calls == before
        await asyncio.gather(*(memory.remember("bob", [FACT]) for _ in range(2)))
        assert await names(memory, "bob") == ["Ann"]
        begun = service.calls
        for _ in range(10):
            assert await names(memory, "bob") == ["Ann"]
        assert service.calls == begun


async def test_who_begins_again_has_another_key(tmp_path: Path) -> None:
    """Copies of the store from before it was forgotten do not open with it."""
    service, stored = Service(), []
    memory = Memory(keys=service)
    other = Memory(keys=service)
    runtime = runtime_in(tmp_path, memory)
    async with runtime.lifespan():
        rows = sealed_rows_of(runtime.store)
        other.keep_in(rows, service)
        for _ in range(2):
            await memory.remember("ann", [FACT])
            async with aclosing(rows.owners()) as owners:
                found = {name: (await rows.read(name)).key or b"" async for name in owners}
            stored += [await service.unwrap(key, name) for name, key in found.items()]
            await other.forget("ann")
    assert len(stored) == 4
    assert len(set(stored)) == 3  # that of names is the same


async def test_the_memory_that_was_used_least_recently_is_closed_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("agui_runtime.memories.notebooks.ROOM", 500)  # two of them
    service = Service()
    notebooks = Notebooks(MemoryStore().sealed, service)

    async def is_opened(owner: str) -> bool:
        before = service.calls
        await notebooks.read(owner)
        return service.calls > before

    for owner in ("ann", "bob", "cid"):
        await notebooks.change(await notebooks.name(owner), lambda _: {"core.a": bytes(100)})
    assert [await is_opened(owner) for owner in ("ann", "bob", "ann", "cid", "ann", "bob")] == [
        *(True, True, False, True, False, True)
    ]
