"""What wraps the keys of owners: those of the server, or a service (KMS) that lets none out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from agui_runtime.core.errors import AguiError, StoreUnavailable
from agui_runtime.core.key_ring import KeyRing, NotOpened
from agui_runtime.core.log_lines import lasting_logger_of
from agui_runtime.memories.entries import MemoryUnreadable

logger = lasting_logger_of(__name__)

PATIENCE = 10.0
"""Seconds that a service has."""

Found = TypeVar("Found")


class MasterKeys(Protocol):
    """Give it to `Memory(keys=...)`. A key is 32 bytes; `name` is how the store knows the owner,
    and has to be the same again: a wrapped key that was moved to another owner must not open. It is
    called once for an owner in some minutes.
    """

    async def wrap(self, key: bytes, name: str) -> bytes:
        """By the key that wraps from now on, in at most 10 kB."""

    async def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """By whichever key wrapped it; raises MemoryUnreadable where none fits."""


class RingKeys:
    """The keys of the server: the first wraps, all unwrap."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    async def wrap(self, key: bytes, name: str) -> bytes:
        return self._ring.seal(key, _about(name)).encode()

    async def unwrap(self, wrapped: bytes, name: str) -> bytes:
        try:
            return self._ring.open(wrapped.decode(), _about(name))
        except (NotOpened, UnicodeDecodeError) as error:
            raise MemoryUnreadable(f"the keys do not open this memory: {error}") from None


class PatientKeys:
    """Keys of which nobody knows how they fail: whatever they raise, and where they take more than
    `PATIENCE`, it raises StoreUnavailable.
    """

    def __init__(self, keys: MasterKeys) -> None:
        self._keys = keys

    async def wrap(self, key: bytes, name: str) -> bytes:
        return await _guarded(self._keys.wrap(key, name))

    async def unwrap(self, wrapped: bytes, name: str) -> bytes:
        return await _guarded(self._keys.unwrap(wrapped, name))


def wrapping(keys: KeyRing | MasterKeys) -> MasterKeys:
    """What wraps by them, and fails as memories expect."""
    return RingKeys(keys) if isinstance(keys, KeyRing) else PatientKeys(keys)


async def _guarded(work: Awaitable[Found]) -> Found:
    try:
        async with asyncio.timeout(PATIENCE):
            return await work
    except AguiError:
        raise
    except Exception as error:  # a foreign SDK, or user code
        logger.warning("memory: what wraps the keys of owners failed: %r", error)
        raise StoreUnavailable("the keys of memories are not to be had; try again later") from error


def _about(name: str) -> bytes:
    return f"key of memory\n{name}".encode()
